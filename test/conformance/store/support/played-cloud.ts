import { randomUUID } from 'node:crypto'
import { LIVE } from '@pushfn/model/alias'
import { TERMINAL_STATES } from '@pushfn/model/build-state'
import { AppError } from '@pushfn/model/errors'
import { confirmLive, moveAlias } from '@pushfn/store/alias-moves'
import { claimBuild, finishBuild, supersededBy } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'
import { recordDelivery } from '@pushfn/store/deliveries'
import { madeAt, type RecordedPush } from '@pushfn/store/push-rows'
import { recordPush } from '@pushfn/store/pushes'
import { release } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { type Choice, rollBack, unpin } from '@pushfn/store/rollback'
import type { Target } from '@pushfn/store/targets'
import { aRepository, aSha, aSpec, aTenant } from '../../../support/builders.ts'

export interface Move {
  delivery: string
  before: string
  sha: string
}

const NAME = 'hello'

/** One function of a repository on the real store; who builds and who runs it are played, a step at a time. */
export interface PlayedCloud {
  /** A move of the branch as its forge tells of it; the same delivery again is a redelivery. */
  tell(move: Move): Promise<RecordedPush | undefined>
  /** Builds that did not end, oldest first. */
  waiting(): Promise<string[]>
  /** A builder takes a build to its end; or it dies before the release, or the build fails. */
  build(id: string, how: 'well' | 'dies' | 'fails'): Promise<void>
  /** The controller brings live what is wished. */
  control(): Promise<void>
  /** Undefined when the store refuses, with a reason for the tenant. */
  roll(target: Target): Promise<Choice | undefined>
  unpin(): Promise<void>
  /** Revisions, oldest first. */
  revisions(): Promise<{ id: string; sha: string }[]>
  live(): Promise<{ revisionId: string; sha: string } | undefined>
  /** The state of the newest push's build. */
  newestBuild(): Promise<string | undefined>
}

export const aMove = (before: string, sha = aSha()): Move => ({ delivery: randomUUID(), before, sha })

export const playCloud = async (db: Database): Promise<PlayedCloud> => {
  const tenant = await aTenant(db)
  const repository = await aRepository(db, tenant)
  const of = { tenantId: tenant.id, name: NAME }
  const alias = () =>
    db.alias.findFirst({ where: { name: LIVE, function: { ...of } }, include: { revision: true, wanted: true } })
  return {
    tell: (move) => tell(db, repository, move),
    waiting: async () => {
      const where = { state: { notIn: [...TERMINAL_STATES] }, push: { repositoryId: repository.id } }
      return (await db.build.findMany({ where, orderBy: { createdAt: 'asc' } })).map((build) => build.id)
    },
    build: (id, how) => build(db, repository, id, how),
    control: async () => {
      const live = await alias()
      if (!live?.wanted || live.wanted.id === live.revisionId) return
      const { functionId, wanted } = live
      if (await moveAlias(db, { aliasId: live.id, functionId, revisionId: wanted.id })) await confirmLive(db, wanted.id)
    },
    roll: (target) => orRefused(rollBack(db, of, target)),
    unpin: async () => void (await orRefused(unpin(db, of))),
    revisions: () => db.revision.findMany({ where: { function: { ...of } }, orderBy: { createdAt: 'asc' } }),
    live: async () => {
      const revision = (await alias())?.revision
      return revision ? { revisionId: revision.id, sha: revision.sha } : undefined
    },
    newestBuild: async () => {
      const where = { repositoryId: repository.id }
      return (await db.push.findFirst({ where, orderBy: { sequence: 'desc' }, include: { build: true } }))?.build?.state
    },
  }
}

const tell = async (db: Database, repository: Repository, { delivery, before, sha }: Move) => {
  const told = await recordDelivery(db, { forge: 'builtin', id: delivery, event: 'push' }, async (tx) => {
    const push = { repository, ref: 'refs/heads/main', before, sha, pusher: 'ada', message: 'change' }
    return { outcome: 'accepted' as const, push: await recordPush(tx, push) }
  })
  return told?.push
}

const build = async (db: Database, repository: Repository, id: string, how: 'well' | 'dies' | 'fails') => {
  const claimed = await claimBuild(db, id, 'a builder')
  if (!claimed) return
  const claim = { buildId: id, generation: claimed.generation }
  const { push } = claimed
  if (await supersededBy(db, push)) return void (await finishBuild(db, claim, 'superseded'))
  if (how === 'dies') return void (await db.build.update({ where: { id }, data: { leaseUntil: new Date(0) } }))
  if (how === 'fails') return void (await finishBuild(db, claim, 'failed'))
  const image = { name: NAME, image: `img/${push.sha}`, digest: `sha256:${push.sha}`, spec: aSpec() }
  try {
    await release(db, {
      claim,
      tenantId: repository.tenantId,
      repositoryId: repository.id,
      sha: push.sha,
      sequence: push.sequence,
      madeAt: madeAt(push),
      functions: [image],
    })
    await finishBuild(db, claim, 'live')
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'SUPERSEDED') throw thrown
    await finishBuild(db, claim, 'superseded')
  }
}

const orRefused = async <Result>(work: Promise<Result>): Promise<Result | undefined> => {
  try {
    return await work
  } catch (thrown) {
    if (thrown instanceof AppError && (thrown.code === 'CONFLICT' || thrown.code === 'NOT_FOUND')) return undefined
    throw thrown
  }
}
