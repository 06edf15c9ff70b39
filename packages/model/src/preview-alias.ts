import { AliasName } from './alias.ts'

const LONGEST = 63

/**
 * The alias of a pull request's previews: `pr-<number>-<repository>`, the repository's name as a DNS label can have it. Two
 * repositories of a tenant whose names become one never meet: a function belongs to one of them alone.
 */
export const previewAlias = (pullRequest: { number: number; repository: string }): AliasName => {
  const label = pullRequest.repository
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const alias = `pr-${pullRequest.number}${label ? `-${label}` : ''}`
  return AliasName.parse(alias.slice(0, LONGEST).replace(/-+$/, ''))
}
