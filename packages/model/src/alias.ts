import { z } from 'zod'

/**
 * An alias is a name that points at a revision of a function, and has a host of its own: `live`, its `canary`, an
 * environment’s, a pull request’s, or the first eight digits of a commit.
 */
export const LIVE = 'live'

/** Never `--`, which joins it to its tenant's slug. */
export const AliasName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9](?:-?[a-z0-9])*$/, 'an alias is a DNS label without “--”')
  .brand<'AliasName'>()
export type AliasName = z.infer<typeof AliasName>

/** Of a revision that is tried on a part of the calls of `live`. */
export const CANARY = AliasName.parse('canary')

/** By which a commit's own URL is called. */
export const commitAlias = (sha: string): string => sha.slice(0, 8)

export const COMMIT_ALIAS = /^[0-9a-f]{8}$/

export const isCommitAlias = (alias: string): boolean => COMMIT_ALIAS.test(alias)

/** What is counted of aliases: those of commits together, and all others beside `live` and its canary together. */
export const AliasKind = z.enum(['live', 'commit', 'preview', 'canary'])
export type AliasKind = z.infer<typeof AliasKind>

export const aliasKind = ({ tenant, host }: { tenant: string; host: string }): AliasKind => {
  if (host === tenant) return 'live'
  const alias = host.slice(0, -`--${tenant}`.length)
  if (alias === CANARY) return 'canary'
  return isCommitAlias(alias) ? 'commit' : 'preview'
}

const LABEL_LENGTH = 63

/**
 * The first label of an alias's host: `<tenant>` for `live`, else `<alias>--<tenant>`. A DNS label ends at 63 octets: of an
 * alias that is too long there is the beginning and a hash of the whole. A commit's alias always fits.
 */
export const aliasHost = ({ tenant, alias }: { tenant: string; alias: string }): string => {
  if (alias === LIVE) return tenant
  const room = LABEL_LENGTH - '--'.length - tenant.length
  if (alias.length <= room) return `${alias}--${tenant}`
  const hash = shortHash(alias)
  const begin = alias.slice(0, Math.max(0, room - hash.length - 1)).replace(/-+$/, '')
  return `${begin}-${hash}--${tenant}`
}

/**
 * FNV-1a in six digits. No secret and no proof: only one function's pull requests could meet, whose numbers stand in front.
 * http://www.isthe.com/chongo/tech/comp/fnv/
 */
const shortHash = (text: string): string => {
  let hash = 0x811c9dc5
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193)
  return ((hash >>> 0) % 36 ** 6).toString(36).padStart(6, '0')
}
