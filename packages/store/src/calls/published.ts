import { z } from 'zod'
import type { Redis } from '../redis.ts'

/**
 * A table in Redis that is made from the database and read by gateways: texts by key, with a version that grows with
 * every change, and a channel of changes. It may be lost at any time; a table without a version is not empty but not
 * written yet. Any process may change an entry; the controller that leads makes the whole of it right again and again.
 */
export interface PublishedKeys {
  /** Hash: key → text. */
  table: string
  /** Integer, grows by one with every change. */
  version: string
  /** Channel of PublishedChange as JSON. */
  changes: string
}

/** What gateways look up of access, by its name. */
export const publishedKeys = (cloud: string, name: 'tokens' | 'domains'): PublishedKeys => ({
  table: `${cloud}:${name}`,
  version: `${cloud}:${name}:version`,
  changes: `${cloud}:${name}:changes`,
})

export const PublishedChange = z.object({
  /** The table's version after the change. */
  version: z.number().int(),
  put: z.record(z.string(), z.string()),
  remove: z.array(z.string()),
})
export type PublishedChange = z.infer<typeof PublishedChange>

/** Does nothing and returns -1 when the version is not the expected one; `*` expects nothing. */
const CHANGE = `
local version = redis.call('GET', KEYS[2])
if ARGV[1] ~= '*' and ARGV[1] ~= (version or '') then return -1 end
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
if not version and ARGV[1] == '*' then return 0 end
if not version then redis.call('SET', KEYS[2], redis.call('TIME')[1] .. '000') end
version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], '{"version":' .. version .. ',' .. string.sub(ARGV[2], 2))
return version`

interface Entries {
  put?: Readonly<Record<string, string>>
  remove?: readonly string[]
}

/** Changes entries as they now are in the database. Throws when Redis is away: the controller makes good for it. */
export const changePublished = (redis: Redis, keys: PublishedKeys, entries: Entries): Promise<void> =>
  change(redis, keys, '*', entries).then(() => undefined)

/**
 * Makes the table equal to what `read` gives, by changing only what differs. What was changed by somebody else meanwhile
 * is newer than what was read, so that nothing is written then: the next time does it. Throws when Redis is away.
 */
export const syncPublished = async (
  redis: Redis,
  keys: PublishedKeys,
  read: () => Promise<Readonly<Record<string, string>>>,
): Promise<void> => {
  let expected = (await redis.get(keys.version)) ?? ''
  const there = await redis.hgetall(keys.table)
  const wanted = await read()
  const put = Object.entries(wanted).filter(([key, text]) => there[key] !== text)
  const remove = Object.keys(there).filter((key) => !Object.hasOwn(wanted, key))
  if (put.length === 0 && remove.length === 0 && expected !== '') return
  for (let from = 0; from === 0 || from < Math.max(put.length, remove.length); from += SLICE) {
    const slice = { put: Object.fromEntries(put.slice(from, from + SLICE)), remove: remove.slice(from, from + SLICE) }
    const version = await change(redis, keys, expected, slice)
    if (version < 0) return
    expected = String(version)
  }
}

/** A script holds Redis up for all while it runs. */
const SLICE = 1_000

const change = async (redis: Redis, keys: PublishedKeys, expected: string, entries: Entries): Promise<number> => {
  const put = entries.put ?? {}
  const remove = entries.remove ?? []
  const message = JSON.stringify({ put, remove })
  const pairs = [...Object.entries(put).flat(), ...remove.flatMap((key) => [key, ''])]
  const { table, version, changes } = keys
  return Number(await redis.eval(CHANGE, 3, table, version, changes, expected, message, ...pairs))
}
