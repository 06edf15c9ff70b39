import { type BuildState, TERMINAL_STATES } from '@pushfn/model/build-state'
import { type BuildTarget, placeOf } from '@pushfn/model/build-target'
import { STACK_CONTEXT, statusContext } from '@pushfn/model/deploy-status'
import type { Transaction } from './database.ts'
import type { ForgeKind, Push, PushTrigger, Repository } from './generated/client.ts'
import { isStagedOnly, targetOf } from './push-target.ts'
import { PENDING_AFTER_MS } from './reports.ts'
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
  /** `hook`: the forge's own name of the webhook that told of it, which tells of each move once. */
  delivery?: { forge: ForgeKind; id: string; hook?: string }
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

export type RecordedPush =
  /** A build waits: ring the bell. `superseded` are older builds of the ref that need not go on. */
  | { kind: 'queued'; pushId: string; buildId: string; superseded: string[] }
  /** Another branch than the deploy branch, or not to be built, or the ref moved on: the build is there, but ended, with the reason. */
  | { kind: 'skipped'; pushId: string; buildId: string; reason: string }
  /** The ref stands at this commit already, by a push that did not fail. */
  | { kind: 'known' }

/** Where a push comes to stand among those of its repository. */
export interface Place {
  tx: Transaction
  push: PushFacts
  sequence: bigint
  firstSequence?: bigint
}

export type KnownPush = Push & { build: { id: string; state: BuildState } | null }

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
      hooks: push.delivery?.hook === undefined ? [] : [push.delivery.hook],
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
