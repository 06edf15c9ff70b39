import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { whereLiveEnds } from '../support/where-live-ends.ts'
import { startWorld, type World } from '../support/world.ts'
import { aChance, CHAOS_RUNS } from './support/chance.ts'
import { type Ledger, openLedger } from './support/ledger.ts'
import { type LivedHistory, liveHistory } from './support/lived-history.ts'

/**
 * Random histories of one function in a whole cloud: what `test/conformance/store/histories.test.ts` plays with the store
 * alone, here with everybody who builds, deploys and answers, and who dies meanwhile.
 */
let world: World
let ledger: Ledger
beforeAll(async () => {
  // Nothing here fails to get ready, however busy the machine is.
  world = await startWorld({ env: { READY_LIMIT_MS: '60000' } })
  ledger = openLedger(world)
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const which = fc.nat(1_000)
const ms = fc.integer({ min: 0, max: 2_500 })
const push = fc.record({
  do: fc.constant('push' as const),
  how: fc.constantFrom('told' as const, 'told' as const, 'told' as const, 'late' as const, 'cut' as const),
})
const force = fc.record({ do: fc.constant('force' as const), which })
const hold = fc.constant({ do: 'hold' as const })
const keys = fc.array(which, { minLength: 6, maxLength: 6 })
const release = fc.record({ do: fc.constant('release' as const), keys })
const redeliver = fc.record({ do: fc.constant('redeliver' as const), which })
const rollback = fc.constant({ do: 'rollback' as const })
const promote = fc.record({ do: fc.constant('promote' as const), which })
const unpin = fc.constant({ do: 'unpin' as const })
const kill = fc.record({
  do: fc.constant('kill' as const),
  app: fc.constantFrom('builder' as const, 'builder' as const, 'controller' as const, 'api' as const),
  ms,
})
const rest = fc.record({ do: fc.constant('rest' as const), ms })
const settle = fc.constant({ do: 'settle' as const })

/** Few histories are played, so each has something of everything: most of these, in any order. */
const Steps = fc
  .tuple(
    ...[push, push, push, force, force, hold, release, redeliver],
    ...[rollback, rollback, promote, unpin, kill, kill, rest, settle, settle],
  )
  .chain((steps) => fc.shuffledSubarray(steps, { minLength: 12, maxLength: 14 }))
type Step = typeof Steps extends fc.Arbitrary<(infer Of)[]> ? Of : never

const take = async (history: LivedHistory, step: Step): Promise<void> => {
  switch (step.do) {
    case 'push':
      return history.push(step.how)
    case 'force':
      return history.force(step.which)
    case 'hold':
      return history.hold()
    case 'release':
      return history.release(step.keys)
    case 'redeliver':
      return history.redeliver(step.which)
    case 'rollback':
      return history.rollBack()
    case 'promote':
      return history.promote(step.which)
    case 'unpin':
      return history.unpin()
    case 'kill':
      await history.rest(step.ms)
      return history.kill(step.app)
    case 'rest':
      return history.rest(step.ms)
    case 'settle':
      await history.rest()
      return holdsTo(history)
  }
}

/** Throws when the function does not answer as specified. */
const play = async (history: LivedHistory, steps: readonly Step[]): Promise<void> => {
  // There is something to go back to.
  for (let n = 0; n < 2; n++) {
    await history.push('told')
    await history.rest()
  }
  for (const step of steps) await take(history, step)
  await history.comeToRest()
  await holdsTo(history)
}

/** Answers as the specification has it of what happened so far. */
const holdsTo = async (history: LivedHistory): Promise<void> => {
  const expected = await history.markerOf(whereLiveEnds(history.deeds))
  await expect.poll(() => history.answer(), { timeout: 20_000 }).toBe(expected)
  history.note(`answers ${expected}`)
}

const HISTORIES = 2 * CHAOS_RUNS

const playOne = async (login: string, steps: readonly Step[]): Promise<void> => {
  const history = await liveHistory(world, ledger, login)
  try {
    await play(history, steps)
    console.info(`${login}: ${steps.map((step) => step.do).join(', ')}`)
  } catch (thrown) {
    const what = thrown instanceof Error ? thrown.message : String(thrown)
    throw new Error(`${what}\n\nof this history:\n${await history.told()}`, { cause: thrown })
  } finally {
    await history[Symbol.asyncDispose]()
  }
}

test(`a function answers as specified in and after ${HISTORIES} histories`, {
  timeout: 300_000 * CHAOS_RUNS,
}, async () => {
  const seed = aChance('histories').between(0, 2 ** 31)
  let run = 0
  await fc.assert(
    fc.asyncProperty(Steps, (steps) => playOne(`history-${++run}`, steps)),
    // It takes its time and never runs twice alike: a smaller one would not be found.
    { seed, numRuns: HISTORIES, endOnFailure: true },
  )
})
