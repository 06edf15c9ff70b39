import { z } from 'zod'
import { AliasName } from './alias.ts'

/** Where the functions of a build go when it is not `live`: an alias of its own, with what is different there. */
export const BuildTarget = z.object({
  alias: AliasName,
  /** Milliseconds from the release on, after which the alias is removed; null: it stays until somebody removes it. */
  expiresAfterMs: z.number().int().positive().nullable(),
  /** Laid over each function's environment. */
  environment: z.record(z.string(), z.string()),
  /** Of the secrets that its functions name, those that they get there. */
  secrets: z.array(z.string()).default([]),
  /** An environment of the repository's settings: the whole stack stands there, also what is as it is in production. */
  isEnvironment: z.boolean().default(false),
})
export type BuildTarget = z.infer<typeof BuildTarget>

/** What people read of where a build goes, in the name of its statuses; undefined is production. */
export const placeOf = (target: BuildTarget | undefined): string | undefined =>
  target && (target.isEnvironment ? target.alias : PREVIEW_PLACE)

/** All previews have one place: which one it is says the pull request that shows it. */
export const PREVIEW_PLACE = 'preview'
