import { expect, test } from 'vitest'
import { Side, Split } from './split.ts'

test('a side counts answers, failures and how long each was waited for', () => {
  const side = new Side()
  side.answered(200, 0.4)
  side.answered(404, 7)
  side.answered(503, 1)
  side.broke(200)
  side.broke(500)
  expect(side.counts()).toEqual({ calls: 3, errors: 2, latencies: [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] })
})

test('calls are drawn by the weight, and one that sleeps is asked for once a second', () => {
  const split = new Split({ id: 'c.1', host: 'canary--ada', weight: 30 }, 'canary--ada/f')
  const drawn = Array.from({ length: 20_000 }, () => split.draw()).filter(Boolean).length
  const deviation = Math.sqrt(20_000 * 0.3 * 0.7)
  expect(Math.abs(drawn - 6_000)).toBeLessThan(6 * deviation)
  expect([split.wants(0), split.wants(999), split.wants(1_000)]).toEqual([true, false, true])
})
