import { LIVE } from '@pushfn/model/alias'
import type { BuildTarget } from '@pushfn/model/build-target'
import { AppError } from '@pushfn/model/errors'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { ImageBase } from '@pushfn/model/image-base'
import type { DsseEnvelope } from '@pushfn/model/provenance'
import { aliasCommit, ensureLive, holdFunction, wantLive } from './aliases.ts'
import type { Claim } from './builds.ts'
import { refuseIfCancelled } from './cancellation.ts'
import type { Database, Transaction } from './database.ts'
import { recordImages } from './image-records.ts'
import { holdImage, rememberImage } from './images.ts'
import { keepLive } from './keep-live.ts'
import type { Released } from './kept-of-commit.ts'
import { endPins, isPinnedAgainst, wantLater } from './pins.ts'
import { IS_SOMEWHERE, removePreviews } from './remove-previews.ts'
import { ensureRevision } from './revisions.ts'
import { keepSigningKey, type SigningKeyFacts } from './signing-keys.ts'
import { stage } from './stage.ts'
import { wantPreview } from './want-preview.ts'

export interface WantedFunction {
  name: string
  /** Name with tag, for people. */
  image: string
  /** What the engine runs it by. */
  digest: string
  spec: FunctionSpec
  /** What the image was made of; none for one that is built each time. */
  inputs?: string | undefined
  /** What it stands on, where that is known. */
  bases?: readonly ImageBase[]
  /** How it came about, signed. */
  provenance?: DsseEnvelope | undefined
  /** It was not built for this release, but found by its inputs. */
  isReused?: boolean
}

export interface ReleaseFacts {
  claim: Claim
  tenantId: string
  repositoryId: string
  sha: string
  /** Of the push: an older release changes nothing. */
  sequence: bigint
  /** Where they go when that is not `live`. */
  target?: BuildTarget | undefined
  /** They are kept under the commit's URL, and go nowhere. */
  isStaged?: boolean
  /** When the push was made, in the same count, where it was not then that it was told of: pins since hold against it. */
  madeAt?: bigint
  functions: readonly WantedFunction[]
  /** Whose signature is on what is said of their images. */
  signedBy?: SigningKeyFacts
}

export interface WantedRevision {
  name: string
  functionId: string
  /** Where callers find it. */
  alias: string
  aliasId: string
  revisionId: string
  /** It is live already, of an earlier build: nothing has to be done. */
  isReused: boolean
  /** A tag or a release is to move `live` there: the revision is kept, and goes nowhere. */
  isStaged: boolean
  /** Somebody's later choice holds the function where it is: the revision is kept, and goes nowhere. */
  isPinned: boolean
}

/**
 * Writes what shall be live: a revision for each function that is to change, and the function's wish for it. One transaction,
 * fenced by the build's generation; said twice it is as said once. Throws LEASE_LOST, CANCELLED, SUPERSEDED, FUNCTION_TAKEN,
 * or ENGINE_FAILED for an image that went meanwhile, and then nothing was written.
 */
export const release = (db: Database, facts: ReleaseFacts): Promise<WantedRevision[]> =>
  db.$transaction(async (tx) => {
    await holdOwner(tx, facts)
    await holdBuild(tx, facts.claim)
    await refuseIfCancelled(tx, { id: facts.claim.buildId, tenantId: facts.tenantId })
    await keepImages(tx, facts)
    const revisions: WantedRevision[] = []
    // In one order for everybody, so that two releases never wait for each other in a circle.
    for (const wanted of facts.functions.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      revisions.push(await wantRevision(tx, facts, wanted))
    }
    return revisions
  })

/**
 * Keeps tenant and repository as they are for the transaction: who removes, suspends or transfers one waits, and then finds
 * what was released. In the order in which they are taken away, so that nobody waits in a circle.
 */
export const holdOwner = async (
  tx: Transaction,
  facts: Pick<ReleaseFacts, 'tenantId' | 'repositoryId'>,
): Promise<void> => {
  await tx.$queryRaw`SELECT id FROM tenants WHERE id = ${facts.tenantId}::uuid FOR SHARE`
  await tx.$queryRaw`SELECT id FROM repositories WHERE id = ${facts.repositoryId}::uuid FOR SHARE`
}

/** Locks the build's row for the transaction: who holds an older generation gets no further. */
export const holdBuild = async (tx: Transaction, claim: Claim): Promise<void> => {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT id FROM builds WHERE id = ${claim.buildId}::uuid AND generation = ${claim.generation} FOR UPDATE`
  if (rows.length === 0) throw new AppError('LEASE_LOST', `build ${claim.buildId} was taken over`)
}

/** Makes the images of a release known, or holds those that are. In one order for everybody too. */
export const keepImages = async (
  tx: Transaction,
  { tenantId, functions, signedBy }: Pick<ReleaseFacts, 'tenantId' | 'functions' | 'signedBy'>,
): Promise<void> => {
  const images = functions.flatMap(({ inputs, image: name, digest, isReused }) =>
    inputs === undefined ? [] : [{ inputs, name, digest, isReused }],
  )
  for (const image of images.toSorted((a, b) => (a.inputs < b.inputs ? -1 : 1))) {
    await (image.isReused ? holdImage(tx, tenantId, image) : rememberImage(tx, tenantId, image))
  }
  const facts = functions.flatMap(({ digest, bases, provenance }) => (bases ? [{ digest, bases, provenance }] : []))
  if (signedBy && facts.some(({ provenance }) => provenance)) await keepSigningKey(tx, signedBy)
  await recordImages(tx, facts)
}

const wantRevision = async (tx: Transaction, facts: ReleaseFacts, wanted: WantedFunction): Promise<WantedRevision> => {
  const fn = await ensureFunction(tx, facts, wanted.name)
  const { digest, spec } = wanted
  const { claim, sequence, sha, target, isStaged = false } = facts
  const revisionFacts = { functionId: fn.id, buildId: claim.buildId, sha, image: wanted.image, digest, spec, sequence }
  const told = { name: wanted.name, functionId: fn.id, isPinned: false, isStaged }
  if (target) return { ...told, ...(await wantPreview(tx, target, revisionFacts)) }
  if (isStaged) return { ...told, ...(await stage(tx, revisionFacts)) }
  if (await isPinnedAgainst(tx, fn, facts.madeAt ?? sequence))
    return { ...told, ...(await wantLater(tx, revisionFacts)) }
  await endPins(tx, [fn.id])
  const kept = await keepLive(tx, fn.id, revisionFacts)
  if (kept) return { ...told, ...kept, alias: LIVE, isReused: true }
  const revision = await ensureRevision(tx, revisionFacts)
  const aliasId = await ensureLive(tx, fn.id)
  await tx.function.update({ where: { id: fn.id }, data: { removedAt: null } })
  const wish = { functionId: fn.id, revisionId: revision.id, sequence }
  if (!(await wantLive(tx, wish))) throw overtaken(wanted.name)
  return { ...told, alias: LIVE, aliasId, revisionId: revision.id, isReused: false }
}

/** Pushes of other refs, tags among them, take no turns with it. */
export const overtaken = (name: string): AppError =>
  new AppError('SUPERSEDED', `a newer push already wants another revision of ${name}`, {
    hint: `something newer wants another revision of “${name}” live already: look at its revisions`,
  })

/** Holds the function, which is made when it is new. Throws FUNCTION_TAKEN. */
export const ensureFunction = async (
  tx: Transaction,
  facts: Pick<ReleaseFacts, 'tenantId' | 'repositoryId'>,
  name: string,
) => {
  const key = { tenantId_name: { tenantId: facts.tenantId, name } }
  const fn = await tx.function.upsert({
    where: key,
    create: { tenantId: facts.tenantId, repositoryId: facts.repositoryId, name },
    update: {},
  })
  await holdFunction(tx, fn.id)
  if (fn.repositoryId === facts.repositoryId) return fn
  if (!fn.removedAt) throw functionTaken(name)
  // Another repository of the tenant takes over a name that is free again; its pushes count from their own beginning.
  const taken = await tx.function.update({ where: key, data: { repositoryId: facts.repositoryId } })
  await tx.alias.updateMany({ where: { functionId: fn.id, name: LIVE }, data: { sequence: 0 } })
  await endPins(tx, [fn.id])
  return taken
}

const functionTaken = (name: string): AppError =>
  new AppError('FUNCTION_TAKEN', `function ${name} belongs to another repository of the tenant`, {
    function: name,
    hint: `the function “${name}” is deployed from another repository of this tenant: rename one of the two`,
  })

/** Which of the names are deployed from another repository of the tenant: to be told before anything is built. */
export const takenNames = async (
  db: Database,
  facts: { tenantId: string; repositoryId: string; names: readonly string[] },
): Promise<AppError | undefined> => {
  const taken = await db.function.findFirst({
    where: {
      tenantId: facts.tenantId,
      name: { in: [...facts.names] },
      repositoryId: { not: facts.repositoryId },
      removedAt: null,
    },
  })
  return taken ? functionTaken(taken.name) : undefined
}

/**
 * Marks the repository's functions that are not among `keep` as removed: called after a successful deploy only. Returns
 * them, for the controller's bell.
 */
export const removeMissing = (
  db: Database,
  facts: { claim: Claim; repositoryId: string; sequence: bigint; madeAt?: bigint; keep: readonly string[] },
): Promise<{ id: string; name: string }[]> =>
  db.$transaction(async (tx) => {
    await holdBuild(tx, facts.claim)
    // Which push wants a function does not change while its row is locked.
    await tx.$queryRaw`
      SELECT id FROM functions WHERE repository_id = ${facts.repositoryId}::uuid AND removed_at IS NULL
      ORDER BY name COLLATE "C" FOR UPDATE`
    const removed = await tx.function.updateManyAndReturn({
      where: {
        repositoryId: facts.repositoryId,
        name: { notIn: [...facts.keep] },
        removedAt: null,
        OR: [{ pin: null }, { pin: { sequence: { lt: facts.madeAt ?? facts.sequence } } }],
        // What is nowhere but in a preview is not this push's to remove.
        aliases: { some: { name: LIVE, sequence: { lte: facts.sequence }, ...IS_SOMEWHERE } },
      },
      data: { removedAt: new Date() },
      select: { id: true, name: true },
    })
    const ids = removed.map((fn) => fn.id)
    await endPins(tx, ids)
    await tx.alias.updateMany({
      where: { functionId: { in: ids }, name: LIVE },
      data: { sequence: facts.sequence },
    })
    return removed
  })

/** As `removeMissing`, of a target's alias: what left the stack, or is as it is in production now, has no preview any more. */
export const removeMissingPreviews = (
  db: Database,
  facts: { claim: Claim; repositoryId: string; alias: string; sequence: bigint; keep: readonly string[] },
): Promise<{ id: string; name: string }[]> =>
  db.$transaction(async (tx) => {
    await holdBuild(tx, facts.claim)
    return removePreviews(tx, facts)
  })

/**
 * All of a build is where it was to go. Gives the commit its own URL of the functions that it left as they were, since those
 * that changed had theirs when they went live, and keeps what the build brought.
 */
export const keepReleased = (
  db: Database,
  facts: { claim: Claim; sha: string; revisions: readonly WantedRevision[] },
): Promise<void> =>
  db.$transaction(async (tx) => {
    await holdBuild(tx, facts.claim)
    const released: Released = {}
    for (const { name, functionId, revisionId, isReused } of facts.revisions) {
      released[name] = revisionId
      if (isReused) await aliasCommit(tx, { functionId, revisionId, sha: facts.sha })
    }
    await tx.build.update({ where: { id: facts.claim.buildId }, data: { released } })
  })

/** How far revisions came: `live`, `failed` with the reason for the tenant, or still `wanted`. */
export const revisionStates = (db: Database, ids: readonly string[]) =>
  db.revision.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, state: true, failure: true },
  })
