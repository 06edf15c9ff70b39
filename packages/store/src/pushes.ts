import { TERMINAL_STATES } from '@pushfn/model/build-state'
import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import type { Transaction } from './database.ts'
import type { ForgeKind, Repository } from './generated/client.ts'
import { deployBranchOf } from './repositories.ts'

export interface PushFacts {
  repository: Repository
  /** `refs/heads/<branch>` */
  ref: string
  sha: string
  before: string
  pusher: string
  message: string
  delivery?: { forge: ForgeKind; id: string }
}

const QUEUED_AFTER_MS = 2_000

export type RecordedPush =
  /** A build waits: ring the bell. `superseded` are older builds of the ref that need not go on. */
  | { kind: 'queued'; pushId: string; buildId: string; superseded: string[] }
  /** Another branch than the deploy branch: the build is there, skipped, with the reason. */
  | { kind: 'skipped'; pushId: string; buildId: string; reason: string }
  /** The ref stands at this commit already, by a push that did not fail. */
  | { kind: 'known' }

/**
 * Stores a push with its build, and allots its sequence. The ref's row is locked meanwhile, so that two pushes of one ref
 * get their sequences in the order in which they arrive.
 */
export const recordPush = async (tx: Transaction, push: PushFacts): Promise<RecordedPush> => {
  const branch = push.ref.replace(/^refs\/heads\//, '')
  const repositoryId = push.repository.id
  const [ref] = await tx.$queryRaw<[{ sequence: bigint }]>`
    INSERT INTO refs (repository_id, name, sequence, sha) VALUES (${repositoryId}::uuid, ${push.ref}, 1, ${push.sha})
    ON CONFLICT (repository_id, name) DO UPDATE SET sequence = refs.sequence + 1, sha = excluded.sha
    RETURNING sequence`

  const last = await tx.push.findFirst({
    where: { repositoryId, ref: push.ref },
    orderBy: { sequence: 'desc' },
    include: { build: { select: { state: true } } },
  })
  const isKnown = last?.sha === push.sha && last.build?.state !== 'failed' && last.build?.state !== 'cancelled'
  if (isKnown) return { kind: 'known' }

  const { id: pushId } = await tx.push.create({
    data: {
      repositoryId,
      ref: push.ref,
      sha: push.sha,
      before: push.before,
      sequence: ref.sequence,
      pusher: push.pusher.slice(0, 200),
      message: push.message.slice(0, 500),
      deliveryForge: push.delivery?.forge ?? null,
      deliveryId: push.delivery?.id ?? null,
    },
    select: { id: true },
  })

  if (branch === deployBranchOf(push.repository)) {
    const build = await tx.build.create({
      data: {
        pushId,
        // Told only when no builder takes the build soon: then its own word comes first, and is one call less.
        reports: {
          create: {
            context: STACK_CONTEXT,
            state: 'pending',
            description: 'queued',
            dueAt: new Date(Date.now() + QUEUED_AFTER_MS),
          },
        },
      },
      select: { id: true },
    })
    const superseded = await tx.build.findMany({
      where: {
        state: { notIn: [...TERMINAL_STATES] },
        push: { repositoryId, ref: push.ref, sequence: { lt: ref.sequence } },
      },
      select: { id: true },
    })
    return { kind: 'queued', pushId, buildId: build.id, superseded: superseded.map((older) => older.id) }
  }
  const reason = `skipping build for ${branch} branch: ${deployBranchOf(push.repository)} is the one that deploys`
  const build = await tx.build.create({
    data: {
      pushId,
      state: 'skipped',
      finishedAt: new Date(),
      failure: { code: 'SKIPPED', hint: reason, faults: [] },
      reports: { create: { context: STACK_CONTEXT, state: 'success', description: reason } },
    },
    select: { id: true },
  })
  return { kind: 'skipped', pushId, buildId: build.id, reason }
}
