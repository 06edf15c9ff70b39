import { expect, it } from 'vitest'
import { openKeyring } from './envelope.ts'
import { Secret } from './secret.ts'

const [first, second, third] = ['the first key', 'the second key', 'the third key'].map((text) => new Secret(text)) as [
  Secret,
  Secret,
  Secret,
]
const ABOUT = ['secret', 'tenant a', 'db-password']
const value = Buffer.from('hunter2')

it('opens for whose it is alone, and nothing that was changed', () => {
  const ring = openKeyring([first])
  const envelope = ring.seal(ABOUT, value)
  expect(ring.open(ABOUT, envelope)).toEqual(value)
  for (const about of [['secret', 'tenant b', 'db-password'], ['secret', 'tenant a', 'other'], ['secret'], []]) {
    expect(ring.open(about, envelope)).toBeUndefined()
    expect(ring.rewrap(about, envelope)).toBeUndefined()
  }
  for (const part of ['wrappedKey', 'sealed'] as const) {
    for (const at of [0, 12, envelope[part].length - 1]) {
      const changed = envelope[part].slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(ring.open(ABOUT, { ...envelope, [part]: changed })).toBeUndefined()
    }
  }
  expect(ring.open(ABOUT, { ...envelope, sealed: new Uint8Array(3) })).toBeUndefined()
  expect(ring.open(ABOUT, { ...envelope, sealed: ring.seal(ABOUT, Buffer.from('other')).sealed })).toBeUndefined()
})

it('the same value twice is two different envelopes', () => {
  const ring = openKeyring([first])
  const [one, other] = [ring.seal(ABOUT, value), ring.seal(ABOUT, value)]
  expect(one.sealed).not.toEqual(other.sealed)
  expect(one.wrappedKey).not.toEqual(other.wrappedKey)
})

it('a key is changed: old ones still open, the new one wraps, and what was wrapped anew needs no old one', () => {
  const envelope = openKeyring([first]).seal(ABOUT, value)
  const changing = openKeyring([second, first])
  expect(changing.open(ABOUT, envelope)).toEqual(value)
  expect(changing.seal(ABOUT, value).keyId).toBe(changing.keyId)
  const wrapped = changing.rewrap(ABOUT, envelope)
  expect(wrapped?.sealed).toEqual(envelope.sealed)
  const after = openKeyring([second])
  expect(after.open(ABOUT, envelope)).toBeUndefined()
  expect(wrapped && after.open(ABOUT, wrapped)).toEqual(value)
  expect(wrapped && openKeyring([third, first]).open(ABOUT, wrapped)).toBeUndefined()
})

it('an id tells one key from another, and nothing of it', () => {
  expect(openKeyring([first]).keyId).toBe(openKeyring([first, second]).keyId)
  expect(openKeyring([first]).keyId).not.toBe(openKeyring([second]).keyId)
  expect(openKeyring([first]).keyId).toMatch(/^[0-9a-f]{16}$/)
})
