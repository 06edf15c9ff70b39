import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LaneOf, laneName, laneOf } from './call-keys.ts'

const label = fc.stringMatching(/^[a-z0-9](-{0,2}[a-z0-9]){0,10}$/)
const lane: fc.Arbitrary<LaneOf> = fc.record(
  { tenant: label, function: label, hostLabel: label, kind: fc.constantFrom('calls', 'callbacks') },
  { requiredKeys: ['tenant', 'function', 'kind'] },
)

test('a lane’s name says what it is of, and two lanes never have one name', () => {
  fc.assert(
    fc.property(lane, (of) => {
      expect(laneOf(laneName(of))).toEqual(of)
    }),
  )
  expect(laneName({ tenant: 'ada', function: 'f', kind: 'calls' })).toBe('ada.f')
  expect(laneName({ tenant: 'ada', function: 'f', kind: 'callbacks', hostLabel: 'pr-7--ada' })).toBe(
    'ada.f.callbacks.pr-7--ada',
  )
})

test.each(['', 'ada', 'ada.f.other', 'ada.f.calls.x.y'])('%j is no lane', (name) => {
  expect(laneOf(name)).toBeUndefined()
})
