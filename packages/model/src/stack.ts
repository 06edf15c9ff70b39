import { z } from 'zod'
import { FunctionName } from './names.ts'

/**
 * A stack is a parsed and validated stack.yml in the cloud's own terms. `parse-stack.ts` makes it from text; what it
 * holds is safe to use as a name, but paths are still the tenant's: `packages/images` resolves them inside the checkout.
 */
export const StackFunction = z.object({
  name: FunctionName,
  /** Template name as written: `node24`, `python3-http`, `dockerfile` (whatever its case). Empty where `skipBuild` needs none. */
  lang: z.string(),
  /** Folder of the handler relative to the repository's root, as written; its letters stay inside. Empty as `lang` is. */
  handler: z.string(),
  /** A ready image, present for certain under `skipBuild`; otherwise the cloud names its own and this is as written. */
  image: z.string().optional(),
  /** `fprocess` of the function, overrides the template's. */
  fprocess: z.string().optional(),
  environment: z.record(z.string(), z.string()),
  /**
   * Files of `environment:` maps in the repository, relative to its root; read at plan time. A later file wins over
   * an earlier one, and all of them over `environment`, as with OpenFaaS.
   */
  environmentFiles: z.array(z.string()),
  buildArgs: z.record(z.string(), z.string()),
  buildOptions: z.array(z.string()),
  copy: z.array(z.string()),
  secrets: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  limits: z.object({ memoryMiB: z.number().int().optional(), cpuMillis: z.number().int().optional() }),
  requests: z.object({ memoryMiB: z.number().int().optional(), cpuMillis: z.number().int().optional() }),
  constraints: z.array(z.string()),
  isRootReadOnly: z.boolean().optional(),
  skipBuild: z.boolean(),
  /** Where the function begins in the file: for errors that are found later (no such template, no such folder). */
  place: z.object({ line: z.number().int(), column: z.number().int() }),
  /** Where single keys of it stand: `handler`, `lang`, … */
  places: z.record(z.string(), z.object({ line: z.number().int(), column: z.number().int() })),
})
export type StackFunction = z.infer<typeof StackFunction>

export const Stack = z.object({
  /** The file's name in the repository: `stack.yml` or `stack.yaml`. */
  file: z.string(),
  functions: z.array(StackFunction),
  templates: z.array(z.object({ name: z.string(), source: z.string().optional() })),
})
export type Stack = z.infer<typeof Stack>
