import { z } from 'zod'
import { handler, image, lang, list, map, path, resources, secret, text, truth, version } from './stack-fields.ts'
import { annotations, labels, variables } from './stack-text-maps.ts'
import { isYamlMap } from './yaml-tree.ts'

/** stack.yml as people write it: OpenFaaS's words and types. `parse-stack.ts` turns it into a `Stack`. */

const common = {
  fprocess: text.nullish(),
  environment: variables.nullish(),
  environment_file: list(path).nullish(),
  build_args: variables.nullish(),
  build_options: list(text).nullish(),
  copy: list(path).nullish(),
  secrets: list(secret).nullish(),
  labels: labels.nullish(),
  annotations: annotations.nullish(),
  limits: resources().nullish(),
  requests: resources().nullish(),
  constraints: list(text).nullish(),
  readonly_root_filesystem: truth.nullish(),
  skip_build: truth.nullish(),
  namespace: text.nullish(),
}

const BuiltHere = map({ ...common, lang, handler, image: text.nullish() })
const BuiltAlready = map({ ...common, lang: lang.nullish(), handler: handler.nullish(), image })

/** What must be there depends on `skip_build`; to choose first lets all faults of the function be told at once. */
export const FunctionEntry = z.unknown().transform((written, ctx) => {
  const isBuilt = isYamlMap(written) && truth.safeParse(written.skip_build).data === true
  const parsed = (isBuilt ? BuiltAlready : BuiltHere).safeParse(written)
  if (parsed.success) return parsed.data
  for (const { path, message } of parsed.error.issues) ctx.addIssue({ code: 'custom', path, message, input: written })
  return z.NEVER
})
export type FunctionEntry = z.infer<typeof FunctionEntry>

export const StackFile = map({
  version: version.nullish(),
  provider: map({ name: text.nullish(), gateway: text.nullish(), network: text.nullish() }).nullish(),
  functions: z.record(z.string(), FunctionEntry),
  configuration: map({
    templates: list(map({ name: text, source: text.nullish() })).nullish(),
    copy: list(path).nullish(),
  }).nullish(),
})
export type StackFile = z.infer<typeof StackFile>

/** Every key that means something, by where it stands: what is not among them is most likely a slip. */
export const KNOWN_KEYS = {
  file: ['version', 'provider', 'functions', 'configuration'],
  provider: ['name', 'gateway', 'network'],
  function: [...Object.keys(common), 'lang', 'handler', 'image'],
  resources: ['memory', 'cpu'],
  configuration: ['templates', 'copy'],
  template: ['name', 'source'],
}
