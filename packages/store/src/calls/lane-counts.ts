import type { Redis } from '../redis.ts'
import { callKeys } from './call-keys.ts'

/** What is in a lane. */
export interface LaneCounts {
  lane: string
  waiting: number
  running: number
  dead: number
  /** When its next delayed call is due, in ms since 1970; 0 for none. */
  nextAt: number
}

/**
 * BullMQ's own keys of many queues in one step. Its scores of delayed jobs are the time with twelve bits of counter
 * behind it. A lane without a call that nobody rang for in a minute leaves the list, in the same step that saw it empty.
 */
const LOOK = `
local found = {}
for i = 2, #ARGV, 1 do
  local queue = KEYS[2] .. ':' .. ARGV[i] .. ':'
  local waiting = redis.call('LLEN', queue .. 'wait')
  local running = redis.call('LLEN', queue .. 'active')
  local dead = redis.call('ZCARD', queue .. 'failed')
  local delayed = redis.call('ZRANGE', queue .. 'delayed', 0, 0, 'WITHSCORES')
  local nextAt = 0
  if delayed[2] then nextAt = math.floor(tonumber(delayed[2]) / 4096) end
  if waiting + running + dead + nextAt == 0 and tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or 0) < tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
  found[#found + 1] = { waiting, running, dead, nextAt }
end
return found`

const AT_ONCE = 200
const FORGOTTEN_AFTER_MS = 60_000

/** Every lane that has calls, or had some a moment ago. Throws when Redis is away. */
export const countLanes = async (redis: Redis, cloud: string): Promise<LaneCounts[]> => {
  const keys = callKeys(cloud)
  const lanes = await redis.zrange(keys.lanes, '0', '-1')
  const counts: LaneCounts[] = []
  for (let from = 0; from < lanes.length; from += AT_ONCE) {
    const some = lanes.slice(from, from + AT_ONCE)
    const before = String(Date.now() - FORGOTTEN_AFTER_MS)
    // The script gives four numbers for each lane.
    const found = (await redis.eval(LOOK, 2, keys.lanes, keys.queues, before, ...some)) as [
      number,
      number,
      number,
      number,
    ][]
    for (const [i, [waiting, running, dead, nextAt]] of found.entries()) {
      counts.push({ lane: some[i] ?? '', waiting, running, dead, nextAt })
    }
  }
  return counts
}
