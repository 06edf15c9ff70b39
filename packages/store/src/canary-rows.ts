import { CANARY, LIVE } from '@pushfn/model/alias'
import type { CanarySight } from '@pushfn/model/api-canaries'
import { holdFunction, removeAlias } from './aliases.ts'
import type { CanaryEnd, CanaryFacts } from './canary-fate.ts'
import type { Database, Transaction } from './database.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

/** Canaries as the controller follows them, and as they are shown. Who writes of one holds its function. */

const include = {
  alias: true,
  revision: true,
  baseline: true,
  function: { include: { tenant: true, aliases: { where: { name: LIVE } } } },
} satisfies Prisma.CanaryInclude

export type RunningCanary = Prisma.CanaryGetPayload<{ include: typeof include }>

/** All that have not ended. */
export const runningCanaries = (db: Database): Promise<RunningCanary[]> =>
  db.canary.findMany({ where: { runningFunctionId: { not: null } }, include })

/** The one of a function that has not ended. */
export const runningCanary = async (
  db: Database | Transaction,
  functionId: string,
): Promise<RunningCanary | undefined> =>
  (await db.canary.findUnique({ where: { runningFunctionId: functionId }, include })) ?? undefined

/** The last one of a function, ended or not; undefined when it never had one, or the tenant has no such function. */
export const lastCanary = async (
  db: Database,
  of: { tenantId: string; name: string },
): Promise<RunningCanary | undefined> =>
  (await db.canary.findFirst({
    where: { function: { tenantId: of.tenantId, name: of.name, removedAt: null } },
    orderBy: { id: 'desc' },
    include,
  })) ?? undefined

export const factsOf = (canary: RunningCanary): CanaryFacts => {
  const { function: fn } = canary
  const { tenant } = fn
  const [live] = fn.aliases
  return {
    ...canary,
    isFunctionGone: Boolean(fn.removedAt ?? tenant.removedAt ?? tenant.suspendedAt),
    live: live ?? { revisionId: null, wantedRevisionId: null, failure: null },
  }
}

/** Ends a canary; its alias is removed, and what it was tried with is as it was before. Hold the function first. */
export const endCanary = async (
  tx: Transaction,
  canary: RunningCanary,
  { state, reason }: CanaryEnd,
  sight?: CanarySight,
): Promise<void> => {
  const { functionId, revisionId } = canary
  const told = reason === null ? null : storable(reason)
  await tx.canary.update({
    where: { id: canary.id },
    data: { state, reason: told, endedAt: new Date(), runningFunctionId: null, ...(sight && { seen: sight }) },
  })
  await removeAlias(tx, { functionId, name: CANARY })
  const isWanted = canary.function.aliases.some((live) => live.wantedRevisionId === revisionId)
  if (isWanted || !canary.isNew) return
  // It has answered, but was never live: a rollback to what was live before must not find it.
  await tx.revision.updateMany({ where: { id: revisionId, state: { not: 'failed' } }, data: { state: 'built' } })
}

/** As `endCanary`, of one that was looked at. False when somebody else has ended or changed it since. */
export const endSeenCanary = (
  db: Database,
  seen: RunningCanary,
  end: CanaryEnd,
  sight?: CanarySight,
): Promise<boolean> =>
  db.$transaction(async (tx) => {
    await holdFunction(tx, seen.functionId)
    const now = await runningCanary(tx, seen.functionId)
    if (now?.id !== seen.id || now.turn !== seen.turn || now.state !== seen.state) return false
    await endCanary(tx, now, end, sight)
    return true
  })

/** It answers, or goes on to its next step: from now on calls count. False when somebody else has changed it since. */
export const turnCanary = async (db: Database, seen: RunningCanary, weight?: number): Promise<boolean> => {
  const { count } = await db.canary.updateMany({
    where: { id: seen.id, turn: seen.turn, state: 'running', runningFunctionId: seen.functionId },
    data: { turnAt: new Date(), seen: Prisma.DbNull, ...(weight !== undefined && { weight, turn: { increment: 1 } }) },
  })
  return count === 1
}

/** Keeps what was seen of it, to be shown. */
export const noteSight = async (db: Database, seen: RunningCanary, sight: CanarySight): Promise<void> => {
  await db.canary.updateMany({ where: { id: seen.id, turn: seen.turn, state: 'running' }, data: { seen: sight } })
}
