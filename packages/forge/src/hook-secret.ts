import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ForgeKind, RepositoryHook } from './forge.ts'

/**
 * The secret of a webhook that speaks for one repository alone. Whoever looks after a repository can read its hooks'
 * secrets, and GitLab lets them write the payload themselves: were it the secret of the whole forge, each could speak for
 * all. It is made of the forge's own secret, so that nothing has to be kept.
 *
 * It has the form of a “Standard Webhooks” key, which is what GitLab signs with; as a plain secret it is as good.
 */
export const repositoryHook = (kind: ForgeKind, secret: string, repositoryId: string): RepositoryHook => ({
  query: `?repository=${repositoryId}`,
  secret: `whsec_${createHmac('sha256', secret).update(`pushfn webhook\n${kind}\n${repositoryId}`).digest('base64')}`,
})

/** Throws a TypeError when a secret is empty: nobody's requests could be told from the forge's. Returns the newest one. */
export const newestSecret = (forge: string, secrets: readonly string[]): string => {
  const [newest] = secrets
  if (newest && !secrets.includes('')) return newest
  throw new TypeError(`${forge}’s webhook secret is empty: nobody’s requests could be told from ${forge}’s`)
}

/** The secrets that may have signed a webhook: while the forge's is being changed there are two. */
export const hookSecrets = (
  kind: ForgeKind,
  secrets: readonly string[],
  repositoryId: string | undefined,
): readonly string[] =>
  repositoryId === undefined ? secrets : secrets.map((secret) => repositoryHook(kind, secret, repositoryId).secret)

/** Whether two texts are the same, in a time that does not tell how far they are. */
export const isSame = (one: string, other: string): boolean => {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
