import fc from 'fast-check'
import { expect, it } from 'vitest'
import { aliasHost } from './alias.ts'
import { previewAlias } from './preview-alias.ts'

it('names a pull request’s previews after its number and its repository', () => {
  expect(previewAlias({ number: 7, repository: 'shop' })).toBe('pr-7-shop')
  expect(previewAlias({ number: 12, repository: 'My_Shop.js' })).toBe('pr-12-my-shop-js')
  expect(previewAlias({ number: 1, repository: '_' })).toBe('pr-1')
})

it('gives a DNS label for every repository’s name, and a host that fits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999 }), fc.string({ maxLength: 100 }), (number, repository) => {
      const alias = previewAlias({ number, repository })
      expect(aliasHost({ tenant: 'a'.repeat(40), alias }).length).toBeLessThanOrEqual(63)
    }),
  )
})
