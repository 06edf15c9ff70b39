import type { BuildState, StepName } from '@pushfn/model/build-state'
import { AppError } from '@pushfn/model/errors'
import { advanceBuild, MAX_CLAIMS } from '@pushfn/store/builds'
import { refuseIfCancelled } from '@pushfn/store/cancellation'
import { refuseIfOver } from './refuse-if-over.ts'
import type { Run } from './run.ts'

/** The state a build is in while a step runs. */
const STATES = {
  checkout: 'checkout',
  readStack: 'checkout',
  plan: 'checkout',
  build: 'building',
  release: 'deploying',
  report: 'deploying',
} as const satisfies Record<StepName, BuildState>

/** A step that does not end by itself after an abort is given up. */
const ABORT_GRACE_MS = 30_000

/** A step that takes longer is told of in the log, as long as it goes on: operators want to know what a builder waits for. */
const SLOW_MS = 60_000

/**
 * What every step needs, once: at its border a newer push or the end of its repository ends the build, the state is written before it begins,
 * its time and outcome are told after it ended, and it ends with the run's signal at the latest.
 */
export const inStep = async <Result>(run: Run, name: StepName, work: () => Promise<Result>): Promise<Result> => {
  run.signal.throwIfAborted()
  refuseIfPoisoned(run)
  await refuseIfOver(run.context.db, run.build)
  await advanceBuild(run.context.db, run.claim, STATES[name])
  const startedAt = performance.now()
  run.tell({ kind: 'step', step: name, status: 'started' })
  const slow = setInterval(
    () => run.log.warn({ step: name, ms: Math.round(performance.now() - startedAt) }, 'a step takes long'),
    SLOW_MS,
  )
  try {
    const result = await unlessAborted(run.signal, work())
    const ms = performance.now() - startedAt
    run.tell({ kind: 'step', step: name, status: 'finished', ms })
    run.log.info({ step: name, ms: Math.round(ms) }, 'step finished')
    return result
  } catch (thrown) {
    run.tell({ kind: 'step', step: name, status: 'failed', ms: performance.now() - startedAt })
    // What breaks because of the abort is told as the abort's reason.
    if (run.signal.aborted) throw run.signal.reason
    // So is what breaks because the repository went, when its bell has not been heard yet: the forge has no such one.
    await refuseIfCancelled(run.context.db, { id: run.build.id, tenantId: run.build.push.repository.tenantId })
    throw thrown
  } finally {
    clearInterval(slow)
  }
}

/** Who claims a build that took its builders with it, time after time, only ends it. */
const refuseIfPoisoned = ({ build }: Run): void => {
  if (build.tries <= MAX_CLAIMS) return
  throw new AppError('POISONED', `${build.tries - 1} claims came to no end`, {
    hint: `the build was begun ${MAX_CLAIMS} times and each time its builder died: make it need less, and push again`,
  })
}

/** Steps stop by the signal themselves; one that hangs all the same does not hold the run for ever. */
const unlessAborted = async <Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> => {
  const late = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => {
    timer = setTimeout(() => late.reject(signal.reason), ABORT_GRACE_MS)
  }
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, late.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
  }
}
