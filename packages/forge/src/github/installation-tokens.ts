/**
 * Installation tokens, each narrowed to one repository and one permission, so that a token that leaks opens next to
 * nothing, and a freed name that somebody else took opens nothing at all. One mint per installation and scope in 55 of
 * a token's 60 minutes, however many ask at once.
 */
export interface TokenScope {
  installationId: string
  repositoryId: string
  permission: Permission
}

export type Permission = 'contents' | 'statuses' | 'checks' | 'deployments' | 'pull_requests'

export interface MintedToken {
  token: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

export const createInstallationTokens = (
  mint: (scope: TokenScope) => Promise<MintedToken>,
  now: () => number = Date.now,
) => {
  const minted = new Map<string, { token: Promise<string>; staleAt: number }>()

  return {
    /** The token for `scope`; rejects as `mint` does, and the next call asks again. */
    get: (scope: TokenScope): Promise<string> => {
      const key = keyOf(scope)
      const known = minted.get(key)
      if (known && known.staleAt > now()) return known.token
      dropStale(minted, now())
      const entry = { token: Promise.resolve(''), staleAt: Number.POSITIVE_INFINITY }
      entry.token = mint(scope).then(
        ({ token, expiresAt }) => {
          entry.staleAt = expiresAt - SPARE_MS
          return token
        },
        (error: unknown) => {
          if (minted.get(key) === entry) minted.delete(key)
          throw error
        },
      )
      minted.set(key, entry)
      return entry.token
    },

    /** GitHub refused the token before its time: the next call mints a new one. */
    forget: async (scope: TokenScope, token: string): Promise<void> => {
      const key = keyOf(scope)
      const known = minted.get(key)
      const current = await known?.token.catch(() => undefined)
      if (current === token && minted.get(key) === known) minted.delete(key)
    },
  }
}

/** A token must outlive what it is handed to: a clone that just begins. */
const SPARE_MS = 5 * 60_000

const keyOf = (scope: TokenScope): string => `${scope.installationId}/${scope.repositoryId}/${scope.permission}`

const dropStale = (minted: Map<string, { staleAt: number }>, now: number): void => {
  for (const [key, { staleAt }] of minted) if (staleAt <= now) minted.delete(key)
}
