import { describe, expect, test } from 'vitest'
import { BranchName, RepositorySettings } from './repository-settings.ts'

describe('settings of a repository', () => {
  test('may be none', () => {
    expect(RepositorySettings.parse({})).toEqual({})
  })

  test('are refused with a key that nobody knows, so that a slip of the pen is no setting', () => {
    expect(RepositorySettings.safeParse({ deploybranch: 'main' }).success).toBe(false)
  })
})

test.each(['main', 'feature/x', 'release-1.0', 'ü', '@'])('“%s” is a branch', (name) => {
  expect(BranchName.safeParse(name).success).toBe(true)
})

test.each([
  '',
  '-x',
  '/x',
  'x/',
  'x//y',
  'a..b',
  'a b',
  'a~b',
  'x.lock',
  'x.lock/y',
  'a/.b',
  '.a',
  'a.',
  'a@{b',
  'a\\b',
  'a\nb',
  'a*',
])('“%s” is no branch', (name) => {
  expect(BranchName.safeParse(name).success).toBe(false)
})

describe('roots', () => {
  const rootsOf = (...roots: string[]) => RepositorySettings.safeParse({ roots }).data?.roots

  test('are told in one way, whatever way they were written', () => {
    expect(rootsOf('.', './apps/a/', 'apps//b', ' ')).toEqual(['', 'apps/a', 'apps/b', ' '])
  })

  test.each([['..'], ['apps/../..'], ['a\\b'], ['a\nb'], ['.git'], ['a', './a']])('“%s” are none', (...roots) => {
    expect(rootsOf(...roots)).toBeUndefined()
  })

  test('are one at least', () => {
    expect(rootsOf()).toBeUndefined()
  })
})

test('patterns that are ignored are lines', () => {
  expect(RepositorySettings.safeParse({ ignore: ['docs', '**/*.md', '!x'] }).success).toBe(true)
  expect(RepositorySettings.safeParse({ ignore: ['a\nb'] }).success).toBe(false)
})

describe('environments', () => {
  const isTaken = (environments: Record<string, { branch: string; environment?: Record<string, string> }>) =>
    RepositorySettings.safeParse({ environments }).success

  test('have names that hosts can have, a branch each, and what is different there', () => {
    expect(isTaken({ staging: { branch: 'develop', environment: { A: 'b' } }, 'qa-2': { branch: 'qa' } })).toBe(true)
  })

  test.each(['live', 'canary', 'preview', 'production', '1a2b3c4d', 'pr-7-shop', 'a--b', 'Ä', ''])(
    'cannot be named “%s”',
    (name) => {
      expect(isTaken({ [name]: { branch: 'develop' } })).toBe(false)
    },
  )

  test('have no branch together', () => {
    expect(isTaken({ a: { branch: 'develop' }, b: { branch: 'develop' } })).toBe(false)
  })
})
