import { isTerminal } from '@pushfn/model/build-state'
import type { Transaction } from './database.ts'
import type { Push } from './generated/client.ts'
import { newestMove } from './push-order.ts'
import {
  type KnownPush,
  madeAt,
  type Place,
  type PushFacts,
  type RecordedPush,
  recordEnded,
  recordQueued,
} from './push-rows.ts'
import { isBrought, reasonToSkip } from './push-target.ts'
import { nextSequence } from './sequences.ts'

/** Pushes of a ref that arrive in another order than they were made follow each other closely. */
const PUSHES_LOOKED_AT = 200

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
  const told = await toldBefore(tx, known, push)
  const isSameMove = told !== undefined && told === last
  if (told && last && !isSameMove) {
    await standAt(tx, push, last)
    return { kind: 'known' }
  }
  if (told && !isInVain(told)) return { kind: 'known' }

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

/**
 * The same move, when this is only one more webhook's word of it. A webhook that has told of it already tells of another:
 * the ref has been elsewhere meanwhile, whether that was told of yet or not. Without its name only the last move is known
 * to be the same.
 */
const toldBefore = async (
  tx: Transaction,
  known: readonly KnownPush[],
  push: PushFacts,
): Promise<KnownPush | undefined> => {
  const isSame = ({ sha, before }: KnownPush) => sha === push.sha && before === push.before
  const hook = push.delivery?.hook
  if (hook === undefined) return known.slice(0, 1).find(isSame)
  const told = known.find((one) => isSame(one) && !one.hooks.includes(hook))
  if (told) await tx.push.update({ where: { id: told.id }, data: { hooks: { push: hook } } })
  return told
}

const isInVain = ({ build }: KnownPush): boolean => build?.state === 'failed' || build?.state === 'cancelled'

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
  await standAt(tx, push, newer)
  const lowest = await tx.push.aggregate({ where: ref, _min: { sequence: true } })
  const below = (lowest._min.sequence ?? 0n) < 0n ? (lowest._min.sequence ?? 0n) - 1n : -1n
  return recordEnded({ tx, push, sequence: below, firstSequence: sequence }, end)
}

const standAt = async (tx: Transaction, { repository, ref }: PushFacts, { sha }: Pick<Push, 'sha'>): Promise<void> => {
  const where = { repositoryId_name: { repositoryId: repository.id, name: ref } }
  await tx.ref.update({ where, data: { sha } })
}

/**
 * Told of late: the first of the moves by which the ref came to where it was found. What was found begins behind it from now
 * on, so that the next one of them is known as well.
 */
const recordWithinFound = async (place: Place, found: KnownPush): Promise<RecordedPush> => {
  await place.tx.push.update({ where: { id: found.id }, data: { before: place.push.sha } })
  return recordOvertaken(place, found, true)
}
