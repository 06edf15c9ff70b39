import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AliasName, aliasHost, aliasKind, commitAlias, isCommitAlias, LIVE } from './alias.ts'
import { TenantSlug } from './names.ts'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const slug = fc.stringMatching(/^[a-z0-9](-?[a-z0-9]){0,52}$/).filter((text) => TenantSlug.safeParse(text).success)
const alias = fc.stringMatching(/^[a-z0-9](-?[a-z0-9]){0,62}$/).filter((text) => AliasName.safeParse(text).success)

test('live is called by its tenant’s name, everything else by its own in front', () => {
  expect(aliasHost({ tenant: 'ada', alias: LIVE })).toBe('ada')
  expect(aliasHost({ tenant: 'ada', alias: commitAlias('1a2b3c4d5e') })).toBe('1a2b3c4d--ada')
  expect(aliasHost({ tenant: 'ada', alias: 'pr-7-shop' })).toBe('pr-7-shop--ada')
})

test('every host is one DNS label, and leads back to its tenant alone', () => {
  fc.assert(
    fc.property(slug, alias, (tenant, name) => {
      const host = aliasHost({ tenant, alias: name })
      expect(host).toMatch(LABEL)
      if (name !== LIVE) expect(host.slice(host.lastIndexOf('--') + 2)).toBe(tenant)
    }),
  )
})

test('what is cut differs by its hash', () => {
  const tenant = 'a-tenant-whose-name-takes-nearly-all-of-a-label-itself'.slice(0, 53)
  const hosts = [1, 2, 3].map((n) => aliasHost({ tenant, alias: `pr-${n}-a-repository` }))
  expect(new Set(hosts).size).toBe(3)
  for (const host of hosts) expect(host.length).toBeLessThanOrEqual(63)
})

test('a host tells which kind of alias it is of', () => {
  const kindOf = (alias: string) => aliasKind({ tenant: 'ada', host: aliasHost({ tenant: 'ada', alias }) })
  expect([LIVE, '1a2b3c4d', 'pr-7-shop'].map(kindOf)).toEqual(['live', 'commit', 'preview'])
})

test('a commit’s alias is told from a pull request’s', () => {
  expect(['1a2b3c4d', 'pr-7-shop', LIVE, '1a2b3c4g'].map(isCommitAlias)).toEqual([true, false, false, false])
})

test.each(['', 'a--b', '-a', 'a-', 'A', 'a.b', 'a/b'])('%j is no alias', (name) => {
  expect(AliasName.safeParse(name).success).toBe(false)
})
