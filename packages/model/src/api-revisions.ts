import { z } from 'zod'
import { AliasName } from './alias.ts'
import { RevisionId } from './ids.ts'
import { ImageBases } from './image-base.ts'

/** What the REST API takes and gives about revisions, rollbacks and pins. Times are ISO 8601 in UTC. */

/** A commit, or how it begins. */
export const Commit = z.string().regex(/^[0-9a-f]{8,40}$/, 'a commit is named by 8 to 40 lower-case hex digits')

/** Where to roll back to; with neither, to what was live before. */
export const NewRollback = z
  .strictObject({ revision: RevisionId.optional(), sha: Commit.optional() })
  .refine(({ revision, sha }) => !revision || !sha, 'name a revision or a commit, not both')
export type NewRollback = z.infer<typeof NewRollback>

/** What to move live to: a revision, or what stands under another alias. */
export const NewPromotion = z.union(
  [z.strictObject({ revision: RevisionId }), z.strictObject({ alias: AliasName })],
  'name a revision or an alias',
)
export type NewPromotion = z.infer<typeof NewPromotion>

/** The commit to which all functions of a repository go back. */
export const NewStackRollback = z.strictObject({ sha: Commit })
export type NewStackRollback = z.infer<typeof NewStackRollback>

/** Where a function goes by somebody's choice. */
export const ChoiceView = z.object({
  function: z.string(),
  revision: z.string(),
  sha: z.string(),
  /** `live`: callers reach it; `deploying`: it is on its way, ask for the function. */
  state: z.enum(['live', 'deploying']),
})
export type ChoiceView = z.infer<typeof ChoiceView>

export const ChoiceList = z.object({ items: z.array(ChoiceView) })
export type ChoiceList = z.infer<typeof ChoiceList>

export const RevisionView = z.object({
  id: z.string(),
  sha: z.string(),
  buildId: z.string(),
  image: z.string(),
  /** What the image stands on; null: it was built before that was recorded. */
  bases: ImageBases.nullable(),
  createdAt: z.string(),
  /** When it went live last. */
  liveAt: z.string().nullable(),
  /** `kept`: it can be rolled back to; `swept`: its image is not kept any more; `failed`: it never got ready. */
  state: z.enum(['live', 'deploying', 'kept', 'swept', 'failed']),
  failure: z.string().nullable(),
  /** Its commit's own URL, while there is one. */
  url: z.string().nullable(),
  /** Settings that differ from the revision before, by name; null for the first. */
  changed: z.array(z.string()).nullable(),
})
export type RevisionView = z.infer<typeof RevisionView>

/** A function's revisions, newest first. `pinnedAt`: since when a choice holds the function; null: it is not pinned. */
export const RevisionList = z.object({ pinnedAt: z.string().nullable(), items: z.array(RevisionView) })
export type RevisionList = z.infer<typeof RevisionList>
