import type { Redis } from '../redis.ts'
import { GONE_AFTER_MS, leaseKeys } from './leases.ts'

/**
 * Calls that a replica is given at once, over all gateways: each holds some of the replica's slots. A gateway that finds
 * none left stands in line, and gets the next one that is given back before those who came after it, so that none of two
 * busy gateways starves. Who does not ask again within a second is not in line any more, and a gateway that is not heard
 * any more holds nothing.
 */
export const replicaSlotKeys = (cloud: string) => ({
  /** Hash: gateway process → slots of this replica that it holds. */
  held: (replica: string) => `${cloud}:slots:${replica}`,
  /** Sorted set: gateway process → since when it is in line (µs). */
  line: (replica: string) => `${cloud}:slots:${replica}:line`,
  /** Hash: gateway process → when it asked last (ms). */
  asked: (replica: string) => `${cloud}:slots:${replica}:asked`,
  /** Channel: the id of a replica for which somebody has come into line, or a slot was given back. */
  bell: `${cloud}:slots:bell`,
})

const LINE_MS = 1_000

const ASK = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local mine, want, least, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local others, before = 0, 0
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  if held[i] == mine then before = tonumber(held[i + 1])
  else
    local heard = redis.call('ZSCORE', KEYS[4], held[i])
    if heard and tonumber(heard) >= now - ${GONE_AFTER_MS} then others = others + tonumber(held[i + 1])
    else redis.call('HDEL', KEYS[1], held[i]) end
  end
end

local since = tonumber(redis.call('ZSCORE', KEYS[2], mine) or micros)
local ahead, waiting = 0, 0
local line = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for i = 1, #line, 2 do
  if line[i] ~= mine then
    local asked = tonumber(redis.call('HGET', KEYS[3], line[i]) or 0)
    if asked < now - ${LINE_MS} then
      redis.call('ZREM', KEYS[2], line[i])
      redis.call('HDEL', KEYS[3], line[i])
    else
      waiting = waiting + 1
      if tonumber(line[i + 1]) < since then ahead = ahead + 1 end
    end
  end
end

local more = math.max(0, math.min(want - least, limit - others - least - ahead))
local granted = least + more
if granted > 0 then redis.call('HSET', KEYS[1], mine, granted) else redis.call('HDEL', KEYS[1], mine) end
if granted < want then
  local isNew = redis.call('ZSCORE', KEYS[2], mine) == false
  if isNew or more > 0 then redis.call('ZADD', KEYS[2], micros, mine) end
  redis.call('HSET', KEYS[3], mine, now)
  if isNew then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
else
  redis.call('ZREM', KEYS[2], mine)
  redis.call('HDEL', KEYS[3], mine)
end
if granted < before and waiting > 0 then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ${6 * GONE_AFTER_MS}) end
return {granted, waiting}`

export interface SlotsAsked {
  replica: string
  gateway: string
  /** Slots that it would use now; no more than `least` gives the others back. */
  want: number
  /** Slots in use. */
  least: number
  limit: number
}

/** What a gateway holds from now on, and how many others stand in line. Throws when Redis is away. */
export const askSlots = async (
  redis: Redis,
  cloud: string,
  { replica, gateway, want, least, limit }: SlotsAsked,
): Promise<{ held: number; waiting: number }> => {
  const keys = replicaSlotKeys(cloud)
  const { members } = leaseKeys(cloud)
  const places = [keys.held(replica), keys.line(replica), keys.asked(replica), members]
  const answer = await redis.eval(ASK, places.length, ...places, gateway, want, least, limit, keys.bell, replica)
  const [held = 0, waiting = 0] = Array.isArray(answer) ? answer.map(Number) : []
  return { held, waiting }
}
