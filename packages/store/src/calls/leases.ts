import type { Redis } from '../redis.ts'

/**
 * What gateways share of limits. None of it is asked for at every call: a gateway leases some tokens or slots ahead and
 * gives them away itself. Redis' own clock is the only one, and whatever is here may be lost at any time: a bucket that
 * is not there is full, slots that are not there are said anew.
 */
export const leaseKeys = (cloud: string) => ({
  /** Sorted set: gateway process → when it was heard last (ms). */
  members: `${cloud}:limits:gateways`,
  /** Hash: the tokens that are left of a rate, and when that was so (ms). */
  bucket: (scope: string) => `${cloud}:limits:rate:${scope}`,
  /** Hash: gateway process → slots that it holds. */
  slots: (scope: string) => `${cloud}:limits:slots:${scope}`,
})

/** A gateway that was not heard for so long holds nothing any more. */
export const GONE_AFTER_MS = 10_000

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

const BEAT = `${NOW}
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${GONE_AFTER_MS})
return redis.call('ZCARD', KEYS[1])`

/** Says that this gateway process is alive, and returns how many are. */
export const beat = async (redis: Redis, cloud: string, gateway: string): Promise<number> =>
  Number(await redis.eval(BEAT, 1, leaseKeys(cloud).members, gateway))

/** Says that this gateway process is gone: what it holds is free at once. */
export const leave = async (redis: Redis, cloud: string, gateway: string): Promise<void> => {
  await redis.zrem(leaseKeys(cloud).members, gateway)
}

const TAKE = `${NOW}
local rate, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or burst
tokens = math.min(burst, tokens + math.max(0, now - (tonumber(kept[2]) or now)) * rate / 1000)
local granted = math.min(want, math.floor(tokens))
tokens = math.min(burst, tokens - granted)
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
local wait = 0
if tokens < 1 then wait = math.ceil((1 - tokens) / rate * 1000) end
return {granted, math.floor(tokens), wait}`

export interface TokensGranted {
  granted: number
  /** Tokens that are left for all. */
  left: number
  /** Milliseconds until there is one more; 0 when there is one. */
  waitMs: number
}

/** Takes up to `want` tokens out of a bucket; a negative number puts some back. */
export const takeTokens = async (
  redis: Redis,
  cloud: string,
  of: { scope: string; ratePerSecond: number; burst: number; want: number },
): Promise<TokensGranted> => {
  const key = leaseKeys(cloud).bucket(of.scope)
  const [granted, left, waitMs] = numbers(await redis.eval(TAKE, 1, key, of.ratePerSecond, of.burst, of.want))
  return { granted: granted ?? 0, left: left ?? 0, waitMs: waitMs ?? 0 }
}

const HOLD = `${NOW}
local mine, want, least, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local others = 0
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  if held[i] ~= mine then
    local heard = redis.call('ZSCORE', KEYS[2], held[i])
    if heard and tonumber(heard) >= now - ${GONE_AFTER_MS} then others = others + tonumber(held[i + 1])
    else redis.call('HDEL', KEYS[1], held[i]) end
  end
end
local granted = math.max(least, math.min(want, limit - others))
if granted <= 0 then redis.call('HDEL', KEYS[1], mine)
else redis.call('HSET', KEYS[1], mine, granted) end
redis.call('PEXPIRE', KEYS[1], ${6 * GONE_AFTER_MS})
return {granted}`

/**
 * Says how many slots this gateway wants to hold, and returns how many it does: as many as the others leave, but never
 * fewer than the `least` that are in use.
 */
export const holdSlots = async (
  redis: Redis,
  cloud: string,
  of: { scope: string; gateway: string; want: number; least: number; limit: number },
): Promise<number> => {
  const keys = leaseKeys(cloud)
  const answer = await redis.eval(HOLD, 2, keys.slots(of.scope), keys.members, of.gateway, of.want, of.least, of.limit)
  return numbers(answer)[0] ?? 0
}

const numbers = (answer: unknown): number[] => (Array.isArray(answer) ? answer.map(Number) : [])
