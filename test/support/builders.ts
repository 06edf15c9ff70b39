import { randomUUID } from 'node:crypto'
import { AccessPolicy } from '@pushfn/model/access-policy'
import { type FunctionSpec, ScaleSpec } from '@pushfn/model/function-spec'
import { RepositoryName, TenantSlug } from '@pushfn/model/names'
import type { Database } from '@pushfn/store/database'
import type { PushFacts } from '@pushfn/store/push-rows'
import { recordPush } from '@pushfn/store/pushes'
import { ensureBuiltinRepository, type Repository } from '@pushfn/store/repositories'
import { createBuiltinTenant, type Tenant } from '@pushfn/store/tenants'

/** Things with defaults: a test says only what it is about. */

export const aTenant = async (db: Database, slug = `t-${randomUUID().slice(0, 8)}`): Promise<Tenant> =>
  (await createBuiltinTenant(db, TenantSlug.parse(slug))).tenant

export const aRepository = async (db: Database, tenant?: Tenant, name = 'shop'): Promise<Repository> =>
  ensureBuiltinRepository(db, (tenant ?? (await aTenant(db))).id, RepositoryName.parse(name))

let shas = 0
/** Each begins otherwise: a commit goes by its first eight digits. */
export const aSha = (): string => (++shas).toString(16).padStart(8, '0').padEnd(40, 'a')

export const aPush = (
  db: Database,
  repository: Repository,
  facts: Partial<Omit<PushFacts, 'repository'>> = {},
): ReturnType<typeof recordPush> =>
  db.$transaction((tx) =>
    recordPush(tx, {
      repository,
      ref: 'refs/heads/main',
      sha: aSha(),
      before: '0'.repeat(40),
      pusher: 'ada',
      message: 'change',
      ...facts,
    }),
  )

/** A push that waits for its build. */
export const aQueuedPush = async (db: Database, repository: Repository, facts: Parameters<typeof aPush>[2] = {}) => {
  const push = await aPush(db, repository, facts)
  if (push.kind !== 'queued') throw new Error(`the push is ${push.kind}`)
  return push
}

export const aSpec = (spec: Partial<FunctionSpec> = {}): FunctionSpec => ({
  environment: {},
  secrets: [],
  sealed: {},
  labels: {},
  annotations: {},
  memoryMiB: 128,
  cpuMillis: 1_000,
  processes: 128,
  isRootReadOnly: true,
  scale: ScaleSpec.parse({ min: 1, max: 4 }),
  health: { path: '/_/health', initialDelayMs: 0 },
  timeouts: { responseMs: 10_000, idleMs: 60_000, answerMs: null },
  access: AccessPolicy.parse({}),
  schedule: null,
  ...spec,
})
