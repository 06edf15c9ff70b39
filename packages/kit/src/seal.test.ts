import { expect, it } from 'vitest'
import { seal, unseal } from './seal.ts'

it('opens for the same secret and purpose alone, and nothing that was changed', () => {
  const sealed = seal('a secret of the cloud', 'github app', 'a private key')
  expect(sealed.includes('private')).toBe(false)
  expect(unseal('a secret of the cloud', 'github app', sealed)).toBe('a private key')
  expect(unseal('another secret', 'github app', sealed)).toBeUndefined()
  expect(unseal('a secret of the cloud', 'session', sealed)).toBeUndefined()
  for (const at of [0, 12, sealed.length - 1]) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(unseal('a secret of the cloud', 'github app', changed)).toBeUndefined()
  }
  expect(unseal('a secret of the cloud', 'github app', Buffer.alloc(5))).toBeUndefined()
})
