import { noCounts } from '@pushfn/model/side-counts'
import { expect, test } from 'vitest'
import { CanaryWindow } from './canary-window.ts'

const counted = (calls: number) => ({ live: noCounts(), canary: { calls, errors: 0, latencies: [calls] } })

test('only the calls of the last minutes count, to a part of their length', () => {
  const window = new CanaryWindow(60_000)
  const seen: number[] = []
  // A call each second.
  for (let second = 0; second <= 300; second++) {
    seen.push(window.take(counted(second), second * 1_000).canary.calls)
  }
  expect(seen.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, second) => second))
  for (const calls of seen.slice(60)) expect(calls === 60 || calls === 61).toBe(true)
})

test('what a new leader finds counts until a window has passed', () => {
  const window = new CanaryWindow(10_000)
  expect(window.take(counted(500), 0).canary.calls).toBe(500)
  expect(window.take(counted(510), 9_000).canary.calls).toBe(510)
  expect(window.take(counted(512), 10_000).canary.calls).toBe(12)
})
