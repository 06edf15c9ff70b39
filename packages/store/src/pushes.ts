import { type BuildState, isTerminal, TERMINAL_STATES } from '@pushfn/model/build-state'
import { type BuildTarget, placeOf } from '@pushfn/model/build-target'
import { STACK_CONTEXT, statusContext } from '@pushfn/model/deploy-status'
import type { Transaction } from './database.ts'
import type { ForgeKind, Push, PushTrigger, Repository } from './generated/client.ts'
import { newestMove } from './push-order.ts'
import { isBrought, isStagedOnly, reasonToSkip, targetOf } from './push-target.ts'
import { PENDING_AFTER_MS } from './reports.ts'
import { nextSequence } from './sequences.ts'
import { storable } from './storable.ts'

export interface PushFacts {
  repository: Repository
  /** `refs/heads/<branch>`, or `refs/tags/<tag>` of one that promotes. */
  ref: string
  sha: string
  before: string
  pusher: string
  message: string
  /** The words by which the head commit asks not to be built. */
  skip?: string | undefined
  delivery?: { forge: ForgeKind; id: string }
  /** Who asked for it; a ref that moved, unless told. */
  trigger?: PushTrigger
  /**
   * Nobody told of it: the ref was found to stand there. When it moved nobody knows, so that a pin since the ref's last push
   * holds.
   */
  isFound?: boolean
  /** The ref is a pull request's head: its functions go to an alias, never live. */
  preview?: { pullRequestId: string; target: BuildTarget }
  /**
   * The ref did not move: somebody asks for its commit to be built once more, a pin since its last push holding; instead of
   * that build, when one is named.
   */
  again?: { buildId?: string }
}

/** Pushes of a ref that arrive in another order than they were made follow each other closely. */
const PUSHES_LOOKED_AT = 200

export type RecordedPush =
  /** A build waits: ring the bell. `superseded` are older builds of the ref that need not go on. */
  | { kind: 'queued'; pushId: string; buildId: string; superseded: string[] }
  /** Another branch than the deploy branch, or not to be built, or the ref moved on: the build is there, but ended, with the reason. */
  | { kind: 'skipped'; pushId: string; buildId: string; reason: string }
  /** The ref stands at this commit already, by a push that did not fail. */
  | { kind: 'known' }

/**
 * Stores a push with its build, and allots its sequence. The repository's row is locked meanwhile, so that two pushes of it
 * get their sequences one after the other: in the order in which they were made, as far as that can be told.
 */
export const recordPush = async (tx: Transaction, push: PushFacts): Promise<RecordedPush> => {
  const repositoryId = push.repository.id
  const sequence = await nextSequence(tx, repositoryId)
  const stand = { sequence, sha: push.sha }
  const ref = { repositoryId, name: push.ref }
  await tx.ref.upsert({ where: { repositoryId_name: ref }, create: { ...ref, ...stand }, update: stand })

  const known = await tx.push.findMany({
    where: { repositoryId, ref: push.ref, trigger: 'push' },
    orderBy: { sequence: 'desc' },
    take: PUSHES_LOOKED_AT,
    include: { build: { select: { id: true, state: true } } },
  })
  const [last] = known
  if (push.again && last) return recordAgain({ tx, push, sequence, firstSequence: madeAt(last) }, last)
  const isSameMove = last?.sha === push.sha && last.before === push.before
  if (isSameMove && last.build?.state !== 'failed' && last.build?.state !== 'cancelled') return { kind: 'known' }

  const isOfBefore = last && (isSameMove || push.isFound)
  const place = { tx, push, sequence, ...(isOfBefore && { firstSequence: madeAt(last) }) }
  if (last?.isFound && !push.isFound) {
    if (push.sha === last.sha && last.build?.state !== 'failed') return { kind: 'known' }
    if (push.before === last.before && push.sha !== last.sha) return recordWithinFound(place, last)
  }
  // Where the ref was found to stand there it stands, whatever moves came.
  const newer = isSameMove || push.isFound ? undefined : newestMove(known.toReversed(), push)
  if (newer) return recordOvertaken(place, newer, newer.id === last?.id)
  return recordAtTop(place)
}

/** A push that is the newest of its ref. */
const recordAtTop = (place: Place): Promise<RecordedPush> => {
  const reason = reasonToSkip(place.push)
  return reason ? recordEnded(place, { state: 'skipped', status: 'success', reason }) : recordQueued(place)
}

/** Once more what the ref stands at; of an older commit only that it is not built, for it must not overtake the newer one. */
const recordAgain = async (place: Place, last: KnownPush): Promise<RecordedPush> => {
  const { push } = place
  if (last.sha !== push.sha) {
    const branch = push.ref.replace(/^refs\/heads\//, '')
    const reason = `not built again: ${branch} has moved on to ${last.sha.slice(0, 8)}`
    return recordBelow(place, last, { state: 'skipped', status: 'success', reason })
  }
  const isUnderWay = last.build !== null && !isTerminal(last.build.state)
  const isAnother = push.again?.buildId !== undefined && push.again.buildId !== last.build?.id
  if (isUnderWay || isAnother) return { kind: 'known' }
  const { isFound } = last
  return recordAtTop({ ...place, push: { ...push, isFound, before: isFound ? last.before : push.sha } })
}

interface Place {
  tx: Transaction
  push: PushFacts
  sequence: bigint
  firstSequence?: bigint
}

type KnownPush = Push & { build: { id: string; state: BuildState } | null }

/** By when a push was made, in the repository's count. */
export const madeAt = (push: Pick<Push, 'sequence' | 'firstSequence'>): bigint => push.firstSequence ?? push.sequence

const createPush = ({ tx, push, sequence, firstSequence }: Place): Promise<{ id: string }> =>
  tx.push.create({
    data: {
      repositoryId: push.repository.id,
      ref: push.ref,
      sha: push.sha,
      before: push.before,
      sequence,
      firstSequence: firstSequence ?? null,
      pusher: storable(push.pusher.slice(0, 200)),
      message: storable(push.message.slice(0, 500)),
      trigger: push.trigger ?? 'push',
      deliveryForge: push.delivery?.forge ?? null,
      deliveryId: push.delivery?.id ?? null,
      isFound: push.isFound ?? false,
      pullRequestId: push.preview?.pullRequestId ?? null,
    },
    select: { id: true },
  })

/** Stores a push whose build waits. */
export const recordQueued = async (place: Place): Promise<Extract<RecordedPush, { kind: 'queued' }>> => {
  const { tx, push, sequence } = place
  const isStaged = isStagedOnly(push)
  const target = targetOf(push)
  const { id: pushId } = await createPush(place)
  const build = await tx.build.create({
    data: {
      pushId,
      isStaged,
      ...(target && { target }),
      // Told only when no builder takes the build soon: then its own word comes first, and is one call less.
      reports: {
        create: {
          context: stackContext(target),
          state: 'pending',
          description: 'queued',
          dueAt: new Date(Date.now() + PENDING_AFTER_MS),
        },
      },
    },
    select: { id: true },
  })
  const superseded = await tx.build.findMany({
    where: {
      state: { notIn: [...TERMINAL_STATES] },
      push: { repositoryId: push.repository.id, ref: push.ref, sequence: { lt: sequence } },
      ...(isStaged && STAGED_ALONE),
    },
    select: { id: true },
  })
  return { kind: 'queued', pushId, buildId: build.id, superseded: superseded.map((older) => older.id) }
}

/** What is only kept takes the place of nothing that is to go live. */
export const STAGED_ALONE = { isStaged: true }

const stackContext = (target: BuildTarget | undefined): string => statusContext(STACK_CONTEXT, placeOf(target))

/** Stores a push of which nothing is built, with the reason. */
export const recordEnded = async (
  place: Place,
  end: { state: 'skipped' | 'superseded'; status: 'success' | 'error'; reason: string },
): Promise<RecordedPush> => {
  const target = targetOf(place.push)
  const { id: pushId } = await createPush(place)
  const build = await place.tx.build.create({
    data: {
      pushId,
      state: end.state,
      finishedAt: new Date(),
      failure: { code: end.state.toUpperCase(), hint: end.reason, faults: [] },
      ...(target && { target }),
      reports: { create: { context: stackContext(target), state: end.status, description: end.reason } },
    },
    select: { id: true },
  })
  return { kind: 'skipped', pushId, buildId: build.id, reason: end.reason }
}

/**
 * A push that arrives when the ref has moved on from it is kept, in a place below all others. When it shows that a third
 * one is the newest, and not the one that came last, that one is built.
 */
const recordOvertaken = async (place: Place, newer: KnownPush, isLast: boolean): Promise<RecordedPush> => {
  const { push } = place
  const reason = `superseded by ${newer.sha.slice(0, 8)}, which was told of earlier`
  const overtaken = await recordBelow(place, newer, { state: 'superseded', status: 'error', reason })
  const isToBeBuilt = isBrought(push) && newer.build?.state !== 'skipped'
  if (isLast || !isToBeBuilt) return overtaken
  // The ref is found to stand there, it did not move: its move is known already.
  const { sha, pusher, message } = newer
  const found = { ...push, sha, before: sha, pusher, message, skip: undefined }
  return recordQueued({ ...place, push: found, firstSequence: madeAt(newer) })
}

/** Keeps a push below all others of its ref, which goes on standing at `newer`. */
const recordBelow = async (
  place: Place,
  newer: Push,
  end: Parameters<typeof recordEnded>[1],
): Promise<RecordedPush> => {
  const { tx, push, sequence } = place
  const ref = { repositoryId: push.repository.id, ref: push.ref }
  await tx.ref.update({
    where: { repositoryId_name: { repositoryId: ref.repositoryId, name: push.ref } },
    data: { sha: newer.sha },
  })
  const lowest = await tx.push.aggregate({ where: ref, _min: { sequence: true } })
  const below = (lowest._min.sequence ?? 0n) < 0n ? (lowest._min.sequence ?? 0n) - 1n : -1n
  return recordEnded({ tx, push, sequence: below, firstSequence: sequence }, end)
}

/**
 * Told of late: the first of the moves by which the ref came to where it was found. What was found begins behind it from now
 * on, so that the next one of them is known as well.
 */
const recordWithinFound = async (place: Place, found: KnownPush): Promise<RecordedPush> => {
  await place.tx.push.update({ where: { id: found.id }, data: { before: place.push.sha } })
  return recordOvertaken(place, found, true)
}
