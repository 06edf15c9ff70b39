import { yamlDocument } from '@pushfn/model/yaml-document'
import { z } from 'zod'

const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)

/** A Debian or Alpine package, perhaps with a version: `g++`, `jq=1.6*` would be a shell's business and is none. */
export const PackageName = z.string().regex(/^[a-z0-9][a-z0-9+.:=~-]*$/, 'is no package name')

/** OpenFaaS's template.yml; what it does not know is ignored. */
export const TemplateYml = z.object({
  language: z.string().optional(),
  fprocess: z.string().optional(),
  build_options: z.array(z.object({ name: z.string(), packages: z.array(PackageName).default([]) })).default([]),
  build_args: z.record(z.string(), z.coerce.string()).default({}),
  /** Folder, inside the build folder, that the handler goes to. */
  handler_folder: Name.default('function'),
  /** Of the built-in templates: files of which the handler must hold one, in the order in which they are looked for. */
  entry: z.array(z.string()).default([]),
  /** Of the built-in templates: `node` has the entry's syntax checked before the build. */
  syntax: z.literal('node').optional(),
  /** Of the built-in templates: files of `runtime-files.ts` that are put beside the template's own. */
  runtime: z.array(z.string()).default([]),
})
export type TemplateYml = z.infer<typeof TemplateYml>

/** A template.yml as parsed; what is wrong with it as one sentence otherwise. An empty or absent one says nothing. */
export const parseTemplateYml = (text: string, file: string): TemplateYml | { problem: string } => {
  const parsed = yamlDocument(text, file)
  if ('faults' in parsed) return { problem: parsed.faults[0]?.message ?? 'is no valid YAML' }
  let content: unknown
  try {
    content = parsed.document.toJS({ maxAliasCount: 0 })
  } catch {
    return { problem: 'has an alias (*name): write the value out' }
  }
  const checked = TemplateYml.safeParse(content ?? {})
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  return { problem: `${issue?.path.join('.')}: ${issue?.message}` }
}
