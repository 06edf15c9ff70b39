import type { BuildEvent } from '@pushfn/model/build-event'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BuildProgress, NOTHING_YET, withEvents } from './build-progress.ts'

const line = (n: number, attempt = 1): BuildEvent => ({
  id: `${attempt}-${n}`,
  at: n,
  kind: 'log',
  text: `line ${n}`,
  level: 'info',
})
const textsOf = (progress: BuildProgress): string[] => progress.chunks.flat().map(({ text }) => text)
const lines = Array.from({ length: 1_000 }, (_, n) => line(n + 1))

test('however events are cut into batches and repeated, each line is there once and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.nat(300)), { maxLength: 20 }), (cuts) => {
      let progress = NOTHING_YET
      let upTo = 0
      for (const [back, ahead] of cuts) {
        const from = Math.max(0, upTo - back)
        upTo = Math.min(lines.length, upTo + ahead)
        progress = withEvents(progress, lines.slice(from, upTo))
      }
      expect(textsOf(progress)).toEqual(lines.slice(0, upTo).map((event) => event.kind === 'log' && event.text))
    }),
  )
})

test('pieces of the log that are full stay the very same, so that they are drawn once', () => {
  const before = withEvents(NOTHING_YET, lines.slice(0, 450))
  const after = withEvents(before, lines.slice(450, 500))
  expect(after.chunks[0]).toBe(before.chunks[0])
  expect(after.chunks[1]).toBe(before.chunks[1])
  expect(after.chunks[2]).not.toBe(before.chunks[2])
})

test('a state keeps the time at which it was first reached, a function its address', () => {
  const progress = withEvents(NOTHING_YET, [
    { id: '1-1', at: 10, kind: 'state', state: 'building' },
    { id: '1-2', at: 20, kind: 'function', function: 'hello', status: 'live', url: 'http://x/hello', ms: 5 },
    { id: '1-3', at: 30, kind: 'state', state: 'building' },
    { id: '1-4', at: 40, kind: 'function', function: 'hello', status: 'live' },
  ])
  expect(progress).toMatchObject({ state: 'building', since: { building: 10 } })
  expect(progress.functions).toMatchObject([{ name: 'hello', status: 'live', url: 'http://x/hello', ms: 5 }])
})

test('a build that is taken up again begins anew, and its log says so', () => {
  const first = withEvents(NOTHING_YET, [
    line(1),
    { id: '1-2', at: 2, kind: 'state', state: 'deploying' },
    { id: '1-3', at: 3, kind: 'function', function: 'hello', status: 'built' },
  ])
  const second = withEvents(first, [{ id: '2-1', at: 9, kind: 'state', state: 'checkout' }, line(2, 2)])
  expect(second).toMatchObject({ state: 'checkout', since: { checkout: 9 }, functions: [] })
  expect(textsOf(second)).toEqual(['line 1', expect.stringContaining('taken up again'), 'line 2'])
  expect(textsOf(withEvents(second, [line(5)]))).toHaveLength(3)
})
