import type { Log } from '@pushfn/kit/log'
import { PublishedChange, type PublishedKeys } from '@pushfn/store/calls/published'
import { PublishedToken, tokenHash, tokenKey } from '@pushfn/store/calls/published-tokens'
import type { Redis } from '@pushfn/store/redis'

/** Whose a token is; `unknown`: nobody's; `away`: it cannot be told now. */
export type TokenAnswer = { readonly tenant: string } | 'unknown' | 'away'

interface Known {
  tenant: string
  expiresAt: number
  /** After this it is asked for again, though no revocation was heard of. */
  freshUntilMs: number
}

const FRESH_MS = 60_000
/** As long as revocations cannot be heard, or Redis does not answer. */
const HARDLY_FRESH_MS = 1_000
/** A wrong token that is sent again and again is not asked for each time; one that was made just now is told of. */
const UNKNOWN_MS = 2_000
const MAX_KNOWN = 10_000
const MAX_UNKNOWN = 1_000
const MAX_PENDING = 1_000
/** What the api gives out; anything else need not be looked up. */
const SHAPE = /^pf_[A-Za-z0-9_-]{32}$/

/**
 * Whose API tokens are. A token is looked up in Redis once and remembered; a revocation is heard of at once, and what was
 * remembered while revocations could not be heard is looked up again. While Redis is away, tokens that are remembered go
 * on, and of others nothing can be told.
 */
export class TokenBook {
  readonly #redis: Redis
  readonly #keys: PublishedKeys
  readonly #known = new Map<string, Known>()
  readonly #unknown = new Map<string, number>()
  readonly #pending = new Map<string, Promise<TokenAnswer>>()
  #isListening = false

  constructor(redis: Redis, keys: PublishedKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  /** At once for a token that is remembered. */
  look(token: string): TokenAnswer | Promise<TokenAnswer> {
    if (!SHAPE.test(token)) return 'unknown'
    const key = tokenKey(tokenHash(token))
    const known = this.#known.get(key)
    if (known) {
      const now = Date.now()
      if (known.expiresAt <= now) return 'unknown'
      if (now < known.freshUntilMs || this.#redis.status !== 'ready') return known
    } else if ((this.#unknown.get(key) ?? 0) > Date.now()) {
      return 'unknown'
    }
    if (this.#redis.status !== 'ready') return 'away'
    const pending = this.#pending.get(key)
    if (pending) return pending
    // Only so many strangers at a time: a flood of made-up tokens must not fill Redis' queue.
    if (this.#pending.size >= MAX_PENDING) return 'away'
    const answer = this.#ask(key)
    this.#pending.set(key, answer)
    return answer
  }

  /** A change of the table was published. */
  heard(change: PublishedChange): void {
    for (const [key, text] of Object.entries(change.put)) {
      this.#unknown.delete(key)
      if (this.#known.has(key)) this.#remember(key, validToken(text))
      else this.#pending.delete(key)
    }
    for (const key of change.remove) this.#forget(key)
  }

  /** Changes may have been missed: what is remembered counts for no longer than Redis cannot be asked. */
  doubt(isListening: boolean): void {
    this.#isListening = isListening
    for (const known of this.#known.values()) known.freshUntilMs = 0
    this.#unknown.clear()
    this.#pending.clear()
  }

  #forget(key: string): void {
    this.#known.delete(key)
    this.#unknown.delete(key)
    // An answer that is on its way may be older than the change; who asked before gets it, but it is not remembered.
    this.#pending.delete(key)
  }

  async #ask(key: string): Promise<TokenAnswer> {
    // Begins only when the promise is where `#forget` finds it.
    await Promise.resolve()
    const mine = this.#pending.get(key)
    const isCurrent = () => mine !== undefined && this.#pending.get(key) === mine
    try {
      const [version, text] = await this.#read(key)
      // Redis was wiped: the table is not empty but missing.
      if (version === null) return this.#known.get(key) ?? 'away'
      const found = text === null ? undefined : validToken(text)
      if (isCurrent()) this.#remember(key, found)
      return found ?? 'unknown'
    } catch {
      const known = this.#known.get(key)
      // Not every call waits until Redis has not answered.
      if (known) known.freshUntilMs = Date.now() + HARDLY_FRESH_MS
      return known ?? 'away'
    } finally {
      if (isCurrent()) this.#pending.delete(key)
    }
  }

  async #read(key: string): Promise<[string | null, string | null]> {
    const answers = await this.#redis.multi().get(this.#keys.version).hget(this.#keys.table, key).exec()
    const failed = answers?.find(([error]) => error)?.[0]
    if (!answers || failed) throw failed ?? new Error('redis dropped the transaction')
    const [version, text] = answers.map(([, value]) => (typeof value === 'string' ? value : null))
    return [version ?? null, text ?? null]
  }

  #remember(key: string, found: Omit<Known, 'freshUntilMs'> | undefined): void {
    this.#known.delete(key)
    if (found === undefined) {
      if (this.#unknown.size >= MAX_UNKNOWN) this.#unknown.clear()
      this.#unknown.set(key, Date.now() + UNKNOWN_MS)
      return
    }
    this.#unknown.delete(key)
    this.#known.set(key, { ...found, freshUntilMs: Date.now() + (this.#isListening ? FRESH_MS : HARDLY_FRESH_MS) })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break
      this.#known.delete(oldest)
    }
  }
}

/** Undefined when it has expired. Throws when it cannot be read. */
const validToken = (text: string): Omit<Known, 'freshUntilMs'> | undefined => {
  const { tenant, expiresAt } = PublishedToken.parse(JSON.parse(text))
  const until = expiresAt ?? Number.POSITIVE_INFINITY
  return until > Date.now() ? { tenant, expiresAt: until } : undefined
}

/** Keeps the book in step with what is published. */
export const followTokens = (book: TokenBook, subscriber: Redis, keys: PublishedKeys, log: Log): void => {
  subscriber.on('close', () => book.doubt(false))
  subscriber.on('ready', () => {
    // Only now, not when it was lost: what changed between the two would be missed otherwise.
    subscriber.subscribe(keys.changes).then(
      () => book.doubt(true),
      (err) => log.warn({ err }, 'could not subscribe to changes of tokens'),
    )
  })
  subscriber.on('message', (channel, text) => {
    if (channel !== keys.changes) return
    try {
      book.heard(PublishedChange.parse(JSON.parse(text)))
    } catch (err) {
      log.error({ err, channel }, 'a change of tokens cannot be read')
      book.doubt(true)
    }
  })
}
