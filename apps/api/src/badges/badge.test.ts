import { expect, it } from 'vitest'
import { badge } from './badge.ts'

it.each([
  [{ isLive: true, newest: 'live' }, 'live'],
  [{ isLive: true, newest: null }, 'live'],
  [{ isLive: true, newest: 'building' }, 'building'],
  [{ isLive: true, newest: 'failed' }, 'live, last build failed'],
  [{ isLive: false, newest: 'failed' }, 'failed'],
  [{ isLive: false, newest: null }, 'not deployed'],
  [undefined, 'unknown'],
] as const)('of %j says “%s”', (facts, words) => {
  expect(badge('hello', facts)).toContain(`<title>hello: ${words}</title>`)
})

it('writes what it is given as text', () => {
  expect(badge('<script>', undefined)).not.toContain('<script>')
})
