import { expect, test } from 'vitest'
import { type Balancing, leastBusy } from './balance.ts'
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

const among = (over: Partial<Balancing> = {}): Balancing => ({ turn: 0, tried: undefined, nowMs: 0, ...over })

test('the least busy is taken', () => {
  expect(leastBusy(upstreams(3, 1, 2), among())?.id).toBe('1')
})

test('equals take turns', () => {
  const equal = upstreams(1, 1, 1)
  expect([0, 1, 2, 3].map((turn) => leastBusy(equal, among({ turn }))?.id)).toEqual(['0', '1', '2', '0'])
})

test('one that has failed the call is not taken again', () => {
  const [first, second] = upstreams(0, 5)
  if (!first || !second) throw new Error('two were made')
  expect(leastBusy([first, second], among({ tried: [first] }))?.id).toBe('1')
  expect(leastBusy([first], among({ tried: [first] }))).toBeUndefined()
  expect(leastBusy([], among())).toBeUndefined()
})

test('one that fails again and again is left out for a while, and then tried with one call at a time', () => {
  const [failing, sound] = upstreams(0, 5)
  if (!failing || !sound) throw new Error('two were made')
  for (let i = 0; i < 3; i += 1) failing.failed()
  const both = [failing, sound]
  expect(leastBusy(both, among())?.id).toBe('1')
  expect(leastBusy(both, among({ nowMs: 5_000 }))?.id).toBe('0')
  failing.enter()
  expect(leastBusy(both, among({ nowMs: 5_000 }))?.id).toBe('1')
  failing.succeeded()
  expect(leastBusy(both, among())?.id).toBe('0')
})

test('when all are left out the one whose time is over first is taken', () => {
  const [worse, bad] = upstreams(0, 5)
  if (!worse || !bad) throw new Error('two were made')
  for (let i = 0; i < 9; i += 1) worse.failed()
  for (let i = 0; i < 3; i += 1) bad.failed()
  expect(leastBusy([worse, bad], among())?.id).toBe('1')
})
