import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchProgress } from './watch-progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const vertex = (name: string, completed?: Record<string, never>) => ({
  vertexes: [{ digest: 'sha256:1', name, cached: false, started: {}, completed, error: '' }],
  logs: [],
})

test('a build that tells nothing is stuck after the limit, and not before', () => {
  const onStuck = vi.fn()
  using watch = watchProgress(1_000, onStuck)
  vi.advanceTimersByTime(900)
  watch.heard(vertex('[2/3] COPY function/ function/'))
  vi.advanceTimersByTime(900)
  watch.heard(undefined)
  vi.advanceTimersByTime(999)
  expect(onStuck).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(onStuck).toHaveBeenCalledOnce()
})

test('a RUN may be silent for as long as it runs', () => {
  const onStuck = vi.fn()
  using watch = watchProgress(1_000, onStuck)
  watch.heard(vertex('[3/3] RUN npm ci'))
  vi.advanceTimersByTime(60_000)
  expect(onStuck).not.toHaveBeenCalled()
  watch.heard(vertex('[3/3] RUN npm ci', {}))
  vi.advanceTimersByTime(1_000)
  expect(onStuck).toHaveBeenCalledOnce()
})

test('who does not watch any more is told nothing', () => {
  const onStuck = vi.fn()
  watchProgress(1_000, onStuck)[Symbol.dispose]()
  vi.advanceTimersByTime(10_000)
  expect(onStuck).not.toHaveBeenCalled()
})
