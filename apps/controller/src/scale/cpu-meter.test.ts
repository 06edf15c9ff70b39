import type { Replica } from '@pushfn/engine/engine'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openCpuMeter } from './cpu-meter.ts'

const { signal } = new AbortController()
const replica = (id: string): Replica => ({
  id,
  tenant: 'ada',
  function: 'hello',
  alias: 'live',
  revision: 'r1',
  ordinal: 0,
  generation: '1',
  state: 'running',
})

/** Replicas whose CPU time the test sets. */
const used = new Map<string, number>()
const meter = () =>
  openCpuMeter({
    usage: async (id) => {
      const cpuMs = used.get(id)
      return cpuMs === undefined ? undefined : { cpuMs }
    },
  })

beforeEach(() => {
  used.clear()
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('what replicas used between two looks is told in thousandths of a core, together', async () => {
  const cpu = meter()
  used.set('a', 1_000).set('b', 0)
  expect(await cpu.measure([replica('a'), replica('b')], signal)).toBeUndefined()
  vi.advanceTimersByTime(2_000)
  used.set('a', 2_000).set('b', 400)
  expect(await cpu.measure([replica('a'), replica('b')], signal)).toBeCloseTo(700)
})

test('one that is gone, or began anew, counts from its next look', async () => {
  const cpu = meter()
  used.set('a', 5_000).set('b', 0)
  await cpu.measure([replica('a'), replica('b')], signal)
  vi.advanceTimersByTime(1_000)
  used.set('a', 100).set('b', 250)
  expect(await cpu.measure([replica('a'), replica('b')], signal)).toBeCloseTo(250)
  vi.advanceTimersByTime(1_000)
  used.delete('b')
  used.set('a', 600)
  expect(await cpu.measure([replica('a'), replica('b')], signal)).toBeCloseTo(500)
})
