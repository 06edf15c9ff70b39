import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide, newScaleMemory, type ScaleMemory } from './decide.ts'

const windows = { stableMs: 60_000, panicMs: 6_000 }
const specs = fc
  .record({
    min: fc.integer({ min: 0, max: 10 }),
    more: fc.integer({ min: 0, max: 20 }),
    target: fc.double({ min: 0.1, max: 100, noNaN: true }),
  })
  .map(({ min, more, target }) => ({ min, max: Math.max(1, min + more), target }))
const loads = fc.record({
  stable: fc.double({ min: 0, max: 10_000, noNaN: true }),
  panic: fc.double({ min: 0, max: 10_000, noNaN: true }),
})
const NOW = 1_000_000
const memories = fc.record({
  replicas: fc.integer({ min: 1, max: 40 }),
  panicUntilMs: fc.constantFrom(0, NOW - 1, NOW + 30_000),
  enoughSinceMs: fc.constantFrom(null, NOW - 1_000, NOW - 60_000),
})
const at = (nowMs: number) => ({ nowMs, windows })

/** Second after second of one load. */
const run = (memory: ScaleMemory, load: number, spec: Parameters<typeof decide>[2], seconds: number): number[] => {
  const counts: number[] = []
  let now = memory
  for (let n = 0; n < seconds; n++) {
    now = decide(now, { stable: load, panic: load }, spec, at(NOW + n * 1_000))
    counts.push(now.replicas)
  }
  return counts
}

describe('how many replicas a function has, whatever its load', () => {
  it('is within its bounds, and one at least', () => {
    fc.assert(
      fc.property(memories, loads, specs, (memory, load, spec) => {
        const { replicas } = decide(memory, load, spec, at(NOW))
        expect(replicas).toBeGreaterThanOrEqual(Math.max(1, spec.min))
        expect(replicas).toBeLessThanOrEqual(Math.max(1, spec.max))
        expect(Number.isInteger(replicas)).toBe(true)
      }),
    )
  })

  it('is no less for a higher load', () => {
    fc.assert(
      fc.property(memories, loads, loads, specs, (memory, one, more, spec) => {
        const higher = { stable: one.stable + more.stable, panic: one.panic + more.panic }
        const low = decide(memory, one, spec, at(NOW)).replicas
        expect(decide(memory, higher, spec, at(NOW)).replicas).toBeGreaterThanOrEqual(low)
      }),
    )
  })

  it('never falls in a panic', () => {
    fc.assert(
      fc.property(memories, loads, specs, (memory, load, spec) => {
        const within = Math.min(memory.replicas, Math.max(1, spec.max))
        const after = decide(memory, load, spec, at(NOW))
        if (after.panicUntilMs > NOW) expect(after.replicas).toBeGreaterThanOrEqual(within)
      }),
    )
  })

  it('falls by half at most, and only after a stable window in which less would have done', () => {
    fc.assert(
      fc.property(memories, loads, specs, (memory, load, spec) => {
        const before = Math.min(Math.max(memory.replicas, Math.max(1, spec.min)), Math.max(1, spec.max))
        const { replicas } = decide(memory, load, spec, at(NOW))
        if (replicas >= before) return
        expect(memory.enoughSinceMs).toBe(NOW - 60_000)
        expect(replicas).toBeGreaterThanOrEqual(Math.ceil(before / 2))
      }),
    )
  })

  it('comes to rest under a constant load, at what the load wants, and stays there', () => {
    fc.assert(
      fc.property(memories, fc.double({ min: 0, max: 3_000, noNaN: true }), specs, (memory, load, spec) => {
        const counts = run(memory, load, spec, 300)
        const wanted = Math.min(Math.max(Math.ceil(load / spec.target), 1, spec.min), Math.max(1, spec.max))
        expect(counts.at(-1)).toBe(wanted)
        // It goes one way until it rests: never down and up again.
        const turns = counts.filter((count, n) => n > 0 && count > (counts[n - 1] ?? count) && counts[0] !== count)
        const falls = counts.some((count, n) => n > 0 && count < (counts[n - 1] ?? count))
        if (falls) expect(turns).toEqual([])
      }),
    )
  })

  it('does not flap where a load wavers about a border', () => {
    let memory = newScaleMemory(1)
    const counts = new Set<number>()
    for (let n = 0; n < 600; n++) {
      const load = 90 + (n % 7 < 3 ? 3 : -3)
      memory = decide(memory, { stable: load, panic: load }, { min: 1, max: 10, target: 45 }, at(NOW + n * 1_000))
      if (n > 10) counts.add(memory.replicas)
    }
    expect([...counts]).toEqual([3])
  })
})

describe('the two windows', () => {
  const spec = { min: 1, max: 20, target: 10 }

  it('a short peak below the threshold is left to the stable window', () => {
    expect(decide(newScaleMemory(2), { stable: 12, panic: 29 }, spec, at(NOW)).replicas).toBe(2)
  })

  it('a load that wants twice the replicas is a panic, and the short window decides', () => {
    const after = decide(newScaleMemory(2), { stable: 12, panic: 80 }, spec, at(NOW))
    expect(after).toEqual({ replicas: 8, panicUntilMs: NOW + 60_000, enoughSinceMs: null })
  })

  it('what a peak brought goes only when a stable window has passed, and by halves', () => {
    const counts = run({ replicas: 16, panicUntilMs: NOW, enoughSinceMs: null }, 5, spec, 90)
    expect([59, 60, 65, 66, 72, 78].map((second) => counts[second])).toEqual([16, 8, 8, 4, 2, 1])
  })
})
