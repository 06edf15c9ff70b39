import { expect, it } from 'vitest'
import { nearest } from './nearest.ts'

const KEYS = ['handler', 'lang', 'secrets', 'readonly_root_filesystem', 'limits']

it.each([
  ['handlr', 'handler'],
  ['hanlder', 'handler'],
  ['Handler', 'handler'],
  ['secret', 'secrets'],
  ['lnag', 'lang'],
  ['read-only-root-filesystem', 'readonly_root_filesystem'],
])('nearest takes %s for %s', (word, meant) => {
  expect(nearest(word, KEYS)).toBe(meant)
})

it.each(['', 'x', 'gang-land', 'handle-all-of-it', 'l'.repeat(65)])('nearest takes %j for nothing', (word) => {
  expect(nearest(word, KEYS)).toBeUndefined()
})
