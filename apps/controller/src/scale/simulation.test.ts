import { ScaleSpec } from '@pushfn/model/function-spec'
import { describe, expect, it } from 'vitest'
import { type Curve, day, ramp, sawtooth, spike, step } from '../../../../test/support/scaling/curves.ts'
import { type Simulated, simulate } from '../../../../test/support/scaling/simulate.ts'

const spec = ScaleSpec.parse({ min: 1, max: 40, target: 10, pauseAfterMs: 60_000, stopAfterMs: 240_000 })
const SERVICE_SECONDS = 0.2
const run = (curve: Curve, seconds: number) =>
  simulate({ spec, curve, seconds, serviceSeconds: SERVICE_SECONDS, startSeconds: 1, wakeSeconds: 0.02 })

/** Replicas that the calls of a second keep busy. */
const needed = ({ calls }: Simulated) => Math.max(1, Math.ceil((calls * SERVICE_SECONDS) / spec.target))
const figures = (seen: readonly Simulated[]) => {
  const calls = seen.reduce((sum, one) => sum + one.calls, 0)
  return {
    /** Seconds that a call waits, on average. */
    wait: seen.reduce((sum, one) => sum + one.waiting, 0) / calls,
    longestWaitSeconds: Math.max(...stretches(seen.map(({ waiting }) => waiting > 0.5))),
    /** Replica-seconds that ran beside those that were needed. */
    over: seen.reduce((sum, one) => sum + one.ready, 0) / seen.reduce((sum, one) => sum + needed(one), 0),
    turns: seen.filter((one, n) => n > 1 && (one.ready - (seen[n - 1]?.ready ?? 0)) * lastMove(seen, n) < 0).length,
  }
}
const stretches = (flags: readonly boolean[]): number[] => {
  const lengths = [0]
  for (const flag of flags) {
    if (flag) lengths.push((lengths.pop() ?? 0) + 1)
    else if (lengths.at(-1) !== 0) lengths.push(0)
  }
  return lengths
}
/** Which way the number of replicas moved last before the second `n`. */
const lastMove = (seen: readonly Simulated[], n: number): number => {
  for (let before = n - 1; before > 0; before--) {
    const move = (seen[before]?.ready ?? 0) - (seen[before - 1]?.ready ?? 0)
    if (move !== 0) return move
  }
  return 0
}

describe('a function under a curve of load', () => {
  it.each([
    ['step', step, 1_200, { wait: 0.02, longestWaitSeconds: 6, over: 2, turns: 1 }],
    ['ramp', ramp, 1_200, { wait: 0.01, longestWaitSeconds: 15, over: 1.1, turns: 2 }],
    ['spike', spike, 600, { wait: 0.4, longestWaitSeconds: 8, over: 8, turns: 1 }],
    ['sawtooth', sawtooth, 1_500, { wait: 0.03, longestWaitSeconds: 15, over: 2.2, turns: 15 }],
    ['day', day, 1_440, { wait: 0.02, longestWaitSeconds: 12, over: 1.7, turns: 8 }],
  ] as const)('%s: calls hardly wait, and not much runs in vain', (name, curve, seconds, most) => {
    const seen = figures(run(curve, seconds))
    for (const key of ['wait', 'longestWaitSeconds', 'over', 'turns'] as const) {
      expect.soft(seen[key], `${name}: ${key}`).toBeLessThanOrEqual(most[key])
    }
  })

  it('sleeps through the night, and is awake for the first call of the morning', () => {
    const seen = run(day, 2_880)
    const night = seen.filter(({ second }) => second > 300 && second < 360)
    expect(new Set(night.map(({ depth }) => depth))).toEqual(new Set(['stopped']))
    expect(seen.slice(362, 1_380).every(({ depth }) => depth === 'awake')).toBe(true)
    expect(seen.at(1_450)?.depth).toBe('paused')
  })

  it('without load nothing runs for longer than it may', () => {
    const seen = run(() => 0, 400)
    expect(seen.findIndex(({ ready }) => ready === 0)).toBe(60)
    expect(seen.findIndex(({ depth }) => depth === 'stopped')).toBe(240)
  })
})
