import { expect, it } from 'vitest'
import { durationMs } from './duration.ts'

it.each([
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['1h15m30.918s', 4_530_918],
  ['1.1s', 1100],
  ['2.007s', 2007],
  ['.5s', 500],
  ['1.s', 1000],
  ['100us', 1],
  ['100µs', 1],
  ['100μs', 1],
  ['1ns', 1],
  ['0', 0],
  ['0s', 0],
  ['60', 60_000],
  ['2.5', 2500],
])('durationMs reads %s as %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

it.each([
  '',
  's',
  '1m 30s',
  '10S',
  '-5s',
  '+5s',
  '1d',
  '1e3s',
  'Infinity',
  'NaN',
  '.s',
  '9999h',
  '1'.repeat(65),
  '5s\n',
])('durationMs takes %j for no length of time', (text) => {
  expect(durationMs(text)).toBeUndefined()
})
