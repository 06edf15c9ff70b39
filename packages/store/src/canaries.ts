import { CANARY, LIVE } from '@pushfn/model/alias'
import type { CanaryRules, CanarySteps } from '@pushfn/model/canary-rules'
import { AppError } from '@pushfn/model/errors'
import { FunctionSpec } from '@pushfn/model/function-spec'
import { pointAlias } from './aliases.ts'
import { canaryFate } from './canary-fate.ts'
import { endCanary, factsOf, type RunningCanary, runningCanary } from './canary-rows.ts'
import type { Database, Transaction } from './database.ts'
import { Prisma, type Revision } from './generated/client.ts'
import { type Choice, choose, inTurn } from './rollback.ts'
import { chosenRevision, type HeldFunction, type Target } from './targets.ts'

/**
 * Trying a revision on a part of the calls of what is live, by somebody's wish. The controller brings it up beside live, lets
 * it have its calls once it answers, and takes them back when it is worse (`canary-rows.ts`). Ring `functionWanted` with the
 * function's id after each of these.
 */
export interface CanaryPlan {
  /** Percent. */
  weight: number
  /** Null: the weight changes by hand alone. */
  steps: CanarySteps | null
  rules: CanaryRules
}

interface FunctionName {
  tenantId: string
  name: string
}

/**
 * Begins a canary beside what is live. Throws NOT_FOUND for a function or a revision that is not there, CONFLICT for one that
 * cannot be tried, or not now. Returns the function's id.
 */
export const startCanary = (
  db: Database,
  of: FunctionName,
  target: Exclude<Target, 'before'>,
  plan: CanaryPlan,
): Promise<string> =>
  inTurn(db, of, async (tx, fn) => {
    await refuseSecond(tx, fn)
    const { id: revisionId } = await chosenRevision(tx, fn, target)
    const revision = await tx.revision.findUniqueOrThrow({ where: { id: revisionId } })
    const baseline = await settledLive(tx, fn)
    refuseUnfit(fn, revision, baseline)
    // It was built, and nobody wished it anywhere until now.
    await tx.revision.updateMany({ where: { id: revisionId, state: 'built' }, data: { state: 'wanted' } })
    await pointAlias(tx, { name: CANARY, expiresAt: null }, { functionId: fn.id, revisionId, sequence: fn.sequence })
    const { id: aliasId } = await tx.alias.update({
      where: { functionId_name: { functionId: fn.id, name: CANARY } },
      // What a former canary has left is not this one.
      data: { revisionId: null },
      select: { id: true },
    })
    const { weight, steps, rules } = plan
    const ids = { functionId: fn.id, runningFunctionId: fn.id, aliasId, baselineId: baseline.id, revisionId }
    const isNew = revision.state === 'built'
    await tx.canary.create({ data: { ...ids, isNew, weight, rules, steps: steps ?? Prisma.DbNull } })
    return fn.id
  })

const refuseSecond = async (tx: Transaction, fn: HeldFunction): Promise<void> => {
  const running = await runningCanary(tx, fn.id)
  if (!running) return
  const fate = canaryFate(factsOf(running))
  if (fate) return endCanary(tx, running, fate)
  throw new AppError('CONFLICT', 'there is a canary', {
    function: fn.name,
    hint: `“${fn.name}” has a canary already: promote it or take it back first`,
  })
}

const settledLive = async (tx: Transaction, fn: HeldFunction): Promise<Revision> => {
  const key = { functionId: fn.id, name: LIVE }
  const live = await tx.alias.findUnique({ where: { functionId_name: key }, include: { revision: true } })
  if (live?.revision && live.revisionId === live.wantedRevisionId) return live.revision
  throw new AppError('CONFLICT', 'nothing is live, or not for long', {
    function: fn.name,
    hint: `nothing of “${fn.name}” is live, or a deploy is on its way: try again when it is live`,
  })
}

const refuseUnfit = (fn: HeldFunction, revision: Revision, baseline: Revision): void => {
  const refuse = (what: string, hint: string) => {
    throw new AppError('CONFLICT', what, { function: fn.name, hint })
  }
  if (revision.id === baseline.id) refuse('it is live', `that revision of “${fn.name}” is what is live`)
  if (revision.state === 'wanted' || revision.state === 'ready') {
    refuse('it is being deployed', `that revision of “${fn.name}” is being deployed: try again when it has been`)
  }
  // Both are behind one door, that of live: what is to be private must not be reached through it.
  const [auth, liveAuth] = [revision, baseline].map(({ spec }) => FunctionSpec.parse(spec).access.auth)
  if (auth !== liveAuth) {
    refuse(
      'others may call it',
      `who may call that revision of “${fn.name}” differs (auth): it can go live, but not beside`,
    )
  }
}

/** Gives the canary another part of the calls; from then on its steps are nobody's. Returns the function's id. */
export const changeCanary = (db: Database, of: FunctionName, weight: number): Promise<string> =>
  inTurn(db, of, async (tx, fn) => {
    const { id, turnAt } = await refuseEnded(tx, fn)
    const data = {
      weight,
      steps: Prisma.DbNull,
      seen: Prisma.DbNull,
      turn: { increment: 1 },
      turnAt: turnAt && new Date(),
    }
    await tx.canary.update({ where: { id }, data })
    return fn.id
  })

/** Takes the canary back: all calls are live's again. Returns the function's id. */
export const returnCanary = (db: Database, of: FunctionName): Promise<string> =>
  inTurn(db, of, async (tx, fn) => {
    await endCanary(tx, await refuseEnded(tx, fn), { state: 'returned', reason: 'it was taken back by hand' })
    return fn.id
  })

/**
 * Moves `live` to what is tried, as a promotion by hand does, and pins it. The canary keeps its calls until callers reach it
 * as live. `seen`: only if it is still that canary with that weight. Throws CONFLICT when there is none.
 */
export const promoteCanary = (
  db: Database,
  of: FunctionName,
  seen?: Pick<RunningCanary, 'id' | 'turn'>,
): Promise<Choice> =>
  inTurn(db, of, async (tx, fn) => {
    const canary = await refuseEnded(tx, fn)
    if (seen && (seen.id !== canary.id || seen.turn !== canary.turn)) throw noCanary(fn.name)
    const { id, sha, state, failure } = canary.revision
    const choice = await choose(tx, fn, { id, sha, state, failure })
    await tx.canary.update({ where: { id: canary.id }, data: { state: 'promoting' } })
    return choice
  })

const refuseEnded = async (tx: Transaction, fn: HeldFunction): Promise<RunningCanary> => {
  const canary = await runningCanary(tx, fn.id)
  if (canary?.state === 'running' && !canaryFate(factsOf(canary))) return canary
  throw noCanary(fn.name)
}

const noCanary = (name: string): AppError =>
  new AppError('CONFLICT', 'no canary', { function: name, hint: `“${name}” has no canary that goes on` })
