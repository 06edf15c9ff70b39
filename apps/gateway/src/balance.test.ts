import { expect, test } from 'vitest'
import { leastBusy } from './balance.ts'
import { Upstream } from './upstream.ts'
import { Clock } from './wire/clock.ts'

const upstreams = (...inFlight: number[]): Upstream[] =>
  inFlight.map((calls, i) => {
    const upstream = new Upstream(
      { id: String(i), address: `192.0.2.1:${i}` },
      { maxConnections: 1, maxWaiting: 1, clock: new Clock() },
    )
    for (let call = 0; call < calls; call += 1) upstream.enter()
    return upstream
  })

test('the least busy is taken', () => {
  expect(leastBusy(upstreams(3, 1, 2), 0, undefined)?.id).toBe('1')
})

test('equals take turns', () => {
  const equal = upstreams(1, 1, 1)
  expect([0, 1, 2, 3].map((turn) => leastBusy(equal, turn, undefined)?.id)).toEqual(['0', '1', '2', '0'])
})

test('one that has failed the call is not taken again', () => {
  const [first, second] = upstreams(0, 5)
  if (!first || !second) throw new Error('two were made')
  expect(leastBusy([first, second], 0, [first])?.id).toBe('1')
  expect(leastBusy([first], 0, [first])).toBeUndefined()
  expect(leastBusy([], 0, undefined)).toBeUndefined()
})
