import { expect, test } from 'vitest'
import { secretsKey as keyOf } from './secret-versions.ts'

const secretsKey = (secrets: string[], of: ReadonlyMap<string, number> | undefined, sealed = {}) =>
  keyOf({ secrets, sealed }, of)

const versions = new Map([
  ['a', 1],
  ['b', 2],
])

test('the key changes with each version of what is named, and with nothing else', () => {
  const key = secretsKey(['a', 'b'], versions)
  expect(key).toMatch(/^[0-9a-f]{16}$/)
  expect(secretsKey(['b', 'a'], versions)).toBe(key)
  expect(secretsKey(['a', 'b'], new Map([...versions, ['c', 9]]))).toBe(key)
  expect(secretsKey(['a', 'b'], new Map([...versions, ['b', 3]]))).not.toBe(key)
  expect(secretsKey(['a'], versions)).not.toBe(key)
  expect(secretsKey(['a', 'b'], new Map([['a', 1]]))).not.toBe(key)
})

test('who names none has none, and one whose tenant has none has a key all the same', () => {
  expect(secretsKey([], versions)).toBeUndefined()
  expect(secretsKey(['a'], undefined)).toMatch(/^[0-9a-f]{16}$/)
  expect(secretsKey([], undefined, { b: 'AAAA' })).toMatch(/^[0-9a-f]{16}$/)
  expect(secretsKey(['a'], versions, { b: 'AAAA' })).not.toBe(secretsKey(['a', 'b'], versions))
})
