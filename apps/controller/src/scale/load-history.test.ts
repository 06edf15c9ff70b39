import { expect, it } from 'vitest'
import { LoadHistory } from './load-history.ts'

const filled = (values: readonly number[], stepMs = 1_000) => {
  const history = new LoadHistory(60_000)
  for (const [n, value] of values.entries()) history.add({ atMs: (n + 1) * stepMs, forMs: stepMs, value })
  return history
}

it('each window averages its own stretch', () => {
  const history = filled([...Array(54).fill(10), ...Array(6).fill(100)])
  expect(history.average(6_000, 60_000)).toBe(100)
  expect(history.average(60_000, 60_000)).toBe(19)
})

it('a stretch counts by its length', () => {
  const history = new LoadHistory(60_000)
  history.add({ atMs: 900, forMs: 900, value: 0 })
  history.add({ atMs: 1_000, forMs: 100, value: 50 })
  expect(history.average(6_000, 1_000)).toBe(5)
})

it('what is younger than the window is averaged over its life, what has no samples is nothing', () => {
  expect(filled([40, 40]).average(60_000, 2_000)).toBe(40)
  expect(new LoadHistory(60_000).average(60_000, 0)).toBe(0)
})

it('what is older than the window is forgotten', () => {
  const history = filled(Array(500).fill(1))
  expect(history.average(60_000, 500_000)).toBe(1)
  expect(history.average(60_000, 600_000)).toBe(0)
})
