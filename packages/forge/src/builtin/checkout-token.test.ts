import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signCheckoutToken, verifyCheckoutToken } from './checkout-token.ts'

const key = 'a key that is long enough'
const now = 1_800_000_000_000
const ticket = { repositoryId: '0198c2f0-0000-7000-8000-00000000000a', expiresAt: now + 60_000 }

describe('checkout tokens', () => {
  it('open the repository they were made for, and say which', () => {
    expect(verifyCheckoutToken(signCheckoutToken(ticket, key), key, now)).toBe(ticket.repositoryId)
  })

  it('open nothing once they have expired', () => {
    const token = signCheckoutToken(ticket, key)
    expect(verifyCheckoutToken(token, key, ticket.expiresAt - 1)).toBe(ticket.repositoryId)
    expect(verifyCheckoutToken(token, key, ticket.expiresAt)).toBeUndefined()
  })

  it('open nothing under another key', () => {
    expect(verifyCheckoutToken(signCheckoutToken(ticket, 'somebody else’s key'), key, now)).toBeUndefined()
  })

  it('cannot be turned to another tenant’s repository or a later hour', () => {
    const [prefix, , expiresAt, mac] = signCheckoutToken(ticket, key).split('.')
    const other = '0198c2f0-0000-7000-8000-00000000000b'
    expect(verifyCheckoutToken([prefix, other, expiresAt, mac].join('.'), key, now)).toBeUndefined()
    expect(verifyCheckoutToken([prefix, ticket.repositoryId, `${now + 9e9}`, mac].join('.'), key, now)).toBeUndefined()
  })

  it('refuse any change of a single character', () => {
    const token = signCheckoutToken(ticket, key)
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(token[at] !== character)
        // The last of 43 base64url characters carries four bits: another spelling of the same bits is another text.
        expect(verifyCheckoutToken(token.slice(0, at) + character + token.slice(at + 1), key, now)).toBeUndefined()
      }),
    )
  })

  it('refuse anything else without throwing', () => {
    fc.assert(fc.property(fc.string(), (text) => verifyCheckoutToken(text, key, now) === undefined))
    expect(verifyCheckoutToken(`${signCheckoutToken(ticket, key)}\n`, key, now)).toBeUndefined()
  })

  it('are not made with a key that is too short, nor for an id that holds a dot', () => {
    expect(() => signCheckoutToken(ticket, 'short')).toThrow(TypeError)
    expect(() => signCheckoutToken({ ...ticket, repositoryId: 'a.b' }, key)).toThrow(TypeError)
  })
})
