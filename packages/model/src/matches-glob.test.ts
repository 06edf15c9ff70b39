import { expect, test } from 'vitest'
import { matchesGlob } from './matches-glob.ts'

test.each([
  ['v*', 'v1.2'],
  ['v*', 'v'],
  ['*', 'a/b'],
  ['v?.?', 'v1.2'],
  ['a*b*c', 'axxbyybzc'],
  ['release', 'release'],
  ['*-rc*', 'v1-rc-rc2'],
])('“%s” fits %s', (pattern, name) => {
  expect(matchesGlob(pattern, name)).toBe(true)
})

test.each([
  ['v*', 'w1'],
  ['v*', 'av1'],
  ['v?', 'v'],
  ['a*b*c', 'axxbyyb'],
  ['v.', 'v1'],
  ['', 'v'],
  ['v', 'v1'],
])('“%s” does not fit %s', (pattern, name) => {
  expect(matchesGlob(pattern, name)).toBe(false)
})

test('a pattern of many stars takes no time that grows beyond measure', () => {
  expect(matchesGlob(`${'*a'.repeat(90)}b`, 'a'.repeat(1_000))).toBe(false)
})
