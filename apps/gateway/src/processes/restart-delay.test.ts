import { expect, test } from 'vitest'
import { restartDelayMs } from './restart-delay.ts'

test('the first death is mended at once, those right behind it ever more slowly, up to a bound', () => {
  expect([1, 2, 3, 4, 9, 10, 1_000].map(restartDelayMs)).toEqual([0, 100, 200, 400, 10_000, 10_000, 10_000])
})
