import { setTimeout as sleep } from 'node:timers/promises'
import type { BuildFailure, TERMINAL_STATES } from '@pushfn/model/build-state'
import { type CommitState, STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { type AppError, toAppError } from '@pushfn/model/errors'
import { buildPageUrl } from '@pushfn/model/urls'
import { delayBuild, returnLease } from '@pushfn/store/builds'
import type { WantedReport } from '@pushfn/store/reports'
import { removeLitter } from './remove-litter.ts'
import type { Run } from './run.ts'

/** How often a build is tried again when something of the cloud or beyond it failed. */
const MAX_RETRIES = 5
const RETRY_MS = 2_000
const REMOVAL_MS = 5_000

type Ending =
  | { kind: 'again'; delayMs: number; error: AppError }
  | { kind: 'hand-back' }
  | { kind: 'end'; state: (typeof TERMINAL_STATES)[number]; status: CommitState; error: AppError }

/**
 * What becomes of a run that threw. A fault of the tenant's ends the build with its reason; a fault of ours is tried
 * again, up to a limit; who lost the lease, or stops, says nothing.
 */
export const endWith = async (run: Run, thrown: unknown): Promise<void> => {
  const ending = endingOf(toAppError(thrown), run)
  switch (ending.kind) {
    case 'hand-back':
      run.log.info('build handed back')
      return returnLease(run.context.db, run.claim)
    case 'again':
      run.log.warn({ err: ending.error, delayMs: ending.delayMs }, 'build failed for now')
      run.tell({ kind: 'log', level: 'warning', text: `${hintOf(ending.error)}; trying again` })
      return delayBuild(run.context.db, run.claim, ending.delayMs)
    case 'end':
      return end(run, ending)
  }
}

const endingOf = (error: AppError, run: Run): Ending => {
  switch (error.code) {
    case 'LEASE_LOST':
      return { kind: 'hand-back' }
    case 'SUPERSEDED':
      return { kind: 'end', state: 'superseded', status: 'error', error }
    case 'CANCELLED':
      return { kind: 'end', state: 'cancelled', status: 'error', error }
    case 'STACK_MISSING':
    case 'NOTHING_CHANGED':
      return { kind: 'end', state: 'skipped', status: 'success', error }
  }
  if (error.isRetryable && run.build.tries <= MAX_RETRIES) {
    return { kind: 'again', delayMs: RETRY_MS * 2 ** (run.build.tries - 1), error }
  }
  return { kind: 'end', state: 'failed', status: isOurs(error) ? 'error' : 'failure', error }
}

/** Not the tenant's fault, but the cloud's or the forge's. */
const isOurs = (error: AppError): boolean => error.status >= 500

const end = async (run: Run, ending: Extract<Ending, { kind: 'end' }>): Promise<void> => {
  const hint = hintOf(ending.error)
  const failure: BuildFailure = {
    code: ending.error.code,
    hint,
    ...(ending.error.function && { function: ending.error.function }),
    faults: ending.error.faults.map((fault) => ({ ...fault })),
  }
  const { code, function: culprit } = ending.error
  const targetUrl = buildPageUrl(run.context.urls, run.build.id)
  const hasEnded = await run.end({
    state: ending.state,
    failure,
    statuses: [
      { context: STACK_CONTEXT, state: ending.status, description: hint, targetUrl },
      ...(await openReports(run, ending, hint, targetUrl)),
    ],
    events: [
      ...(culprit ? [{ kind: 'function' as const, function: culprit, status: 'failed' as const, reason: hint }] : []),
      { kind: 'state', state: ending.state, reason: hint },
    ],
  })
  if (!hasEnded) return
  run.log.info({ state: ending.state, code, err: causeOf(ending.error) }, 'build ended')
  const removal = removeLitter(run.context, run.build.id).catch((err) =>
    run.log.warn({ err }, 'images of a failed build stay'),
  )
  // An engine that takes its time does so without this build: others wait for its place.
  await Promise.race([removal, sleep(REMOVAL_MS, undefined, { ref: false })])
}

/**
 * Functions whose status is still pending, and the deployment, get the stack's verdict: the failed one its reason, the others
 * that they stay as they are.
 */
const openReports = async (
  run: Run,
  ending: Extract<Ending, { kind: 'end' }>,
  hint: string,
  targetUrl: string,
): Promise<WantedReport[]> => {
  const prefix = run.contextOf('')
  const open = await run.context.db.report.findMany({
    where: { buildId: run.build.id, state: 'pending', context: { not: `${prefix}${STACK_CONTEXT}` } },
  })
  return open.map((row) => {
    const name = row.context.slice(prefix.length)
    if (row.environment !== null) {
      return { context: name, environment: row.environment, state: ending.status, description: hint, targetUrl }
    }
    const isCulprit = ending.error.function === undefined || ending.error.function === name
    const description = isCulprit ? hint : 'not deployed: another function of the stack failed'
    return { context: name, state: ending.status, description, targetUrl }
  })
}

const hintOf = (error: AppError): string => error.hint ?? 'the build failed'

/** Operators want the cause of what is not the tenant's own fault. */
const causeOf = (error: AppError): Error | undefined => (isOurs(error) || error.cause ? error : undefined)
