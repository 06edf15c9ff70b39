import { z } from 'zod'
import { AliasName } from './alias.ts'

/** Where the functions of a build go when it is not `live`: an alias of its own, with what is different there. */
export const BuildTarget = z.object({
  alias: AliasName,
  /** Milliseconds from the release on, after which the alias is removed; null: it stays until somebody removes it. */
  expiresAfterMs: z.number().int().positive().nullable(),
  /** Laid over each function's environment. */
  environment: z.record(z.string(), z.string()),
})
export type BuildTarget = z.infer<typeof BuildTarget>
