import { setImmediate as later } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LeaseOffice } from './lease-office.ts'
import { RateLease } from './rate-lease.ts'
import { SlotLease } from './slot-lease.ts'
import { TokenBucket } from './token-bucket.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
console.info(`fast-check seed: ${seed} (again with FC_SEED=${seed})`)

/** Redis' part in memory: one bucket and one set of slots for all gateways, answers when they are let go. */
const anOffice = (limit: number) => {
  const held = new Map<string, number>()
  let tokens = limit
  let answers: (() => void)[] = []
  const answer = <T>(work: () => T): Promise<T> => new Promise((resolve) => answers.push(() => resolve(work())))
  const office = (gateway: string, isAway: () => boolean): LeaseOffice => {
    const part: Pick<LeaseOffice, 'gateways' | 'holdSlots' | 'takeTokens'> = {
      gateways: 3,
      holdSlots: ({ want, least }) => {
        if (isAway()) return undefined
        return answer(() => {
          const others = [...held].reduce((sum, [name, count]) => sum + (name === gateway ? 0 : count), 0)
          const granted = Math.max(least, Math.min(want, limit - others), 0)
          held.set(gateway, granted)
          return granted
        })
      },
      takeTokens: ({ want }) => {
        if (isAway()) return undefined
        return answer(() => {
          const granted = Math.min(want, tokens)
          tokens -= granted
          return { granted, left: tokens, waitMs: tokens < 1 ? 60_000 : 0 }
        })
      },
    }
    // The leases use no more of it than this.
    return part as LeaseOffice
  }
  const letGo = async (count = Number.POSITIVE_INFINITY) => {
    const due = answers.slice(0, count)
    answers = answers.slice(due.length)
    for (const act of due) act()
    await later()
  }
  return { office, letGo, waiting: () => answers.length }
}

type Step = { kind: 'take' | 'release' | 'tidy' | 'answer'; gateway: number }
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('take', 'take', 'release', 'tidy', 'answer', 'answer'),
    gateway: fc.constantFrom(0, 0, 1, 1, 1, 2),
  }),
  { minLength: 30, maxLength: 120 },
)

test('whatever three gateways do, never more calls than the limit are under way, and every one is told', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (plan, limit) => {
      const { office, letGo, waiting } = anOffice(limit)
      const leases = [0, 1, 2].map(
        (n) =>
          new SlotLease(
            office(`g${n}`, () => false),
            's',
            limit,
          ),
      )
      let asked = 0
      let told = 0
      const inUse = () => leases.reduce((sum, lease) => sum + lease.inUse, 0)
      for (const { kind, gateway } of plan) {
        const lease = leases[gateway]
        if (!lease) continue
        if (kind === 'take') {
          asked += 1
          void Promise.resolve(lease.take(limit)).then(() => {
            told += 1
          })
        }
        if (kind === 'release' && lease.inUse > 0) lease.release()
        if (kind === 'tidy') lease.tidy(false)
        if (kind === 'answer') await letGo(1)
        expect(inUse()).toBeLessThanOrEqual(limit)
      }
      for (let round = 0; round < 100 && waiting() > 0; round += 1) await letGo()
      await later()
      expect([told, inUse() <= limit]).toEqual([asked, true])
      // What nobody needs goes back: afterwards any gateway can have all of it.
      for (const lease of leases) while (lease.inUse > 0) lease.release()
      for (let round = 0; round < 3; round += 1) {
        for (const lease of leases) lease.tidy(false)
        await letGo()
      }
      const all = Array.from({ length: limit }, () => Promise.resolve(leases[2]?.take(limit)))
      for (let round = 0; round < 5; round += 1) await letGo()
      expect(await Promise.all(all)).toEqual(Array.from({ length: limit }, () => true))
    }),
    { seed, numRuns: 1_000 },
  )
})

test('whatever three gateways do, they give away as many tokens as there are and no more', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 12 }), async (plan, burst) => {
      const { office, letGo, waiting } = anOffice(burst)
      const rate = { perSecond: 1_000, burst }
      const leases = [0, 1, 2].map(
        (n) =>
          new RateLease(
            office(`g${n}`, () => false),
            's',
            rate,
          ),
      )
      const answers: Promise<number>[] = []
      for (const { kind, gateway } of plan) {
        const lease = leases[gateway]
        if (!lease) continue
        if (kind === 'take') answers.push(Promise.resolve(lease.take(rate)))
        if (kind === 'answer') await letGo(1)
      }
      for (let round = 0; round < 100 && waiting() > 0; round += 1) await letGo()
      const passed = (await Promise.all(answers)).filter((waitMs) => waitMs === 0).length
      expect(passed).toBeLessThanOrEqual(burst)
      // None is lost: one gateway alone, asked often enough, gives away all that is not leased to another.
      const asked = answers.length
      expect(passed).toBeGreaterThanOrEqual(Math.min(asked, burst) - 2 * Math.ceil(burst / 4) - 2)
    }),
    { seed, numRuns: 1_000 },
  )
})

test('without Redis each gateway gives away its share', async () => {
  const { office } = anOffice(30)
  const slots = new SlotLease(
    office('g0', () => true),
    's',
    30,
  )
  const taken = await Promise.all(Array.from({ length: 20 }, () => slots.take(30)))
  expect(taken.filter(Boolean)).toHaveLength(10)
  const rate = { perSecond: 0.001, burst: 30 }
  const lease = new RateLease(
    office('g0', () => true),
    's',
    rate,
  )
  const waits = await Promise.all(Array.from({ length: 20 }, () => lease.take(rate)))
  expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(10)
})

test('a bucket begins full, fills at its rate and never over', () => {
  const bucket = new TokenBucket()
  const rate = { perSecond: 10, burst: 2 }
  expect([bucket.take(rate, 0), bucket.take(rate, 0)]).toEqual([0, 0])
  expect(bucket.take(rate, 0)).toBe(100)
  expect(bucket.take(rate, 50)).toBe(50)
  expect(bucket.take(rate, 100)).toBe(0)
  expect([bucket.take(rate, 60_000), bucket.take(rate, 60_000), bucket.take(rate, 60_000)]).toEqual([0, 0, 100])
})
