import type { Log } from '@pushfn/kit/log'
import { PublishedChange, type PublishedKeys } from '@pushfn/store/calls/published'
import { PublishedDomain } from '@pushfn/store/calls/published-domains'
import type { Redis } from '@pushfn/store/redis'

/** All verified domains in memory: one look-up for a host that is none of the cloud's own. */
export class DomainTable {
  /** The published version that this is; undefined until the first was read. */
  version: number | undefined
  #domains = new Map<string, PublishedDomain>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  find(host: string): PublishedDomain | undefined {
    return this.#domains.get(host)
  }

  replace(version: number, table: Readonly<Record<string, string>>): void {
    const before = this.#domains
    this.#domains = new Map()
    for (const [name, text] of Object.entries(table)) {
      const domain = this.#read(name, text) ?? before.get(name)
      if (domain) this.#domains.set(name, domain)
    }
    this.version = version
  }

  change({ version, put, remove }: PublishedChange): void {
    for (const [name, text] of Object.entries(put)) {
      const domain = this.#read(name, text)
      if (domain) this.#domains.set(name, domain)
    }
    for (const name of remove) this.#domains.delete(name)
    this.version = version
  }

  /** An entry that cannot be used is passed over, and its old form goes on. */
  #read(name: string, text: string): PublishedDomain | undefined {
    try {
      return PublishedDomain.parse(JSON.parse(text))
    } catch (err) {
      this.#log.error({ err, domain: name }, 'a domain cannot be used')
      return undefined
    }
  }
}

const LOOK_EVERY_MS = 3_000

/**
 * Keeps the table in step with what is published, as `route-feed.ts` does with the routes: read whole, then changed; read
 * anew when a change was missed. Without Redis, and when Redis was wiped, what is known goes on.
 */
export const followDomains = (options: {
  table: DomainTable
  redis: Redis
  subscriber: Redis
  keys: PublishedKeys
  log: Log
}): Disposable => {
  const { table, redis, subscriber, keys, log } = options
  let isReading = false
  let mustReadAgain = false

  const read = async (): Promise<void> => {
    if (isReading) {
      mustReadAgain = true
      return
    }
    isReading = true
    try {
      do {
        mustReadAgain = false
        const answers = await redis.multi().get(keys.version).hgetall(keys.table).exec()
        const failed = answers?.find(([error]) => error)?.[0]
        if (!answers || failed) throw failed ?? new Error('redis dropped the transaction')
        const version = answers[0]?.[1]
        // HGETALL gives a record of strings.
        if (typeof version === 'string') table.replace(Number(version), answers[1]?.[1] as Record<string, string>)
      } while (mustReadAgain)
    } catch (err) {
      log.warn({ err }, 'could not read domains; it is tried again')
    } finally {
      isReading = false
    }
  }

  subscriber.on('ready', () => {
    subscriber.subscribe(keys.changes).then(read, (err) => log.warn({ err }, 'could not subscribe to domains'))
  })
  subscriber.on('message', (channel, text) => {
    if (channel !== keys.changes) return
    const change = parseChange(text)
    const isNext = change && !isReading && change.version === (table.version ?? 0) + 1
    if (change && isNext) table.change(change)
    else if (change === undefined || change.version > (table.version ?? 0)) void read()
  })
  const looking = setInterval(async () => {
    if (redis.status !== 'ready') return
    const published = await redis.get(keys.version).catch(() => null)
    if (published !== null && Number(published) !== table.version) void read()
  }, LOOK_EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(looking) }
}

const parseChange = (text: string): PublishedChange | undefined => {
  try {
    return PublishedChange.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
