import { expect, test } from 'vitest'
import { skipMarker } from './skip-marker.ts'

test.each([
  ['docs [skip ci]', '[skip ci]'],
  ['[CI SKIP] docs', '[CI SKIP]'],
  ['docs\n\nfor the other CI\n[skip pushfn]\n', '[skip pushfn]'],
])('%j asks not to be built', (message, marker) => {
  expect(skipMarker(message)).toBe(marker)
})

test.each(['', 'skip ci', '[skip]', '[skip  ci]', 'tell of [skip-ci] and (skip ci)'])('%j does not', (message) => {
  expect(skipMarker(message)).toBeUndefined()
})
