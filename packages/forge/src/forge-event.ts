import { z } from 'zod'

/** What a delivery means to the cloud, whatever forge sent it. The ledger keeps events as JSON, and reads them by this. */

/** A repository as the forge names it. Ids are the forge's numeric ones, as text: names are only labels. */
export const ForgeRepository = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  ownerId: z.string(),
  isPrivate: z.boolean(),
  defaultBranch: z.string(),
  /** GitHub: the App's installation that may read it. */
  installationId: z.string().optional(),
})
export type ForgeRepository = z.infer<typeof ForgeRepository>

export const ForgeAccount = z.object({ id: z.string(), login: z.string() })
export type ForgeAccount = z.infer<typeof ForgeAccount>

export const ForgeRepositoryLabel = z.object({ id: z.string(), name: z.string(), isPrivate: z.boolean() })
export type ForgeRepositoryLabel = z.infer<typeof ForgeRepositoryLabel>

/** What a button of a check asks for: `live` back to where it was, a fork's commit to be let run. */
export const CheckActionName = z.enum(['roll-back', 'approve'])
export type CheckActionName = z.infer<typeof CheckActionName>

const installation = { installationId: z.string(), account: ForgeAccount }

export const ForgeEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ping') }),
  z.object({
    kind: z.literal('push'),
    repository: ForgeRepository,
    /** `refs/heads/main` */
    ref: z.string(),
    before: z.string(),
    /** The new commit, of a tag with a message the one behind it; absent when the ref was deleted. */
    after: z.string().optional(),
    isForced: z.boolean(),
    pusher: z.string(),
    /** First line of the head commit's message. */
    message: z.string(),
    /** The words in the whole of it that ask not to build, see `skipMarker`. */
    skip: z.string().optional(),
  }),
  z.object({
    kind: z.literal('release'),
    repository: ForgeRepository,
    /** `v1.2` */
    tag: z.string(),
    /** The commit behind the tag; absent where the forge does not say it. */
    sha: z.string().optional(),
    /** The login of who published it. */
    sender: z.string(),
    /** Its name, for people. */
    title: z.string(),
  }),
  z.object({ kind: z.literal('installed'), ...installation, repositories: z.array(ForgeRepositoryLabel).readonly() }),
  z.object({ kind: z.literal('uninstalled'), ...installation }),
  z.object({ kind: z.literal(['suspended', 'unsuspended']), ...installation }),
  z.object({
    kind: z.literal('repositories-changed'),
    ...installation,
    added: z.array(ForgeRepositoryLabel).readonly(),
    removed: z.array(ForgeRepositoryLabel).readonly(),
  }),
  z.object({
    kind: z.literal(['repository-renamed', 'repository-edited', 'repository-transferred']),
    repository: ForgeRepository,
  }),
  z.object({ kind: z.literal('repository-deleted'), repository: ForgeRepository.pick({ id: true }) }),
  z.object({
    kind: z.literal('rerun-requested'),
    repository: ForgeRepository,
    sha: z.string(),
    /** What the check run bears as `externalId`; absent when the whole commit is to be run again. */
    buildId: z.string().optional(),
    /** The login of who asks, whom the forge lets write to the repository. */
    sender: z.string(),
  }),
  z.object({
    kind: z.literal('action-requested'),
    repository: ForgeRepository,
    action: CheckActionName,
    /** The commit that the check is on, its name, and what it bears as `externalId`. */
    sha: z.string(),
    check: z.string(),
    externalId: z.uuid(),
    /** The login of who asks, whom the forge lets write to the repository. */
    sender: z.string(),
  }),
  z.object({
    kind: z.literal('pull-request'),
    repository: ForgeRepository,
    /**
     * `synchronised`: there are other commits in it. `approved`: a member gave it the label `preview`, by which the head
     * commit of a fork may run. `closed`: merged or not.
     */
    action: z.enum(['opened', 'synchronised', 'reopened', 'approved', 'closed']),
    /** What people see, `#7` or `!7`: unique within the repository. */
    number: z.number(),
    title: z.string(),
    /** The login of who did it. */
    sender: z.string(),
    headSha: z.string(),
    /** The head before, where the forge says it. */
    before: z.string().optional(),
    /** The branch it comes from; of another repository when `isFork`. */
    headRef: z.string(),
    /** The branch it is to go into. */
    baseRef: z.string(),
    isFork: z.boolean(),
  }),
])
export type ForgeEvent = z.infer<typeof ForgeEvent>
