import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstFreeSubnet, overlaps, parseSubnet, type Subnet, subnetText } from './subnets.ts'

const subnet = (text: string): Subnet => {
  const parsed = parseSubnet(text)
  if (!parsed) throw new Error(`${text} is no subnet`)
  return parsed
}
const POOL = subnet('10.210.0.0/16')
const inPool = fc
  .record({ offset: fc.integer({ min: 0, max: 2 ** 16 - 1 }), bits: fc.integer({ min: 20, max: 30 }) })
  .map(({ offset, bits }) => subnet(`${subnetText({ first: POOL.first + offset, bits: 32 }).split('/')[0]}/${bits}`))

test.each([
  ['10.210.0.0/16', '10.210.0.0/16'],
  ['10.210.3.77/26', '10.210.3.64/26'],
  ['255.255.255.255/32', '255.255.255.255/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
])('%s is the network %s', (text, network) => {
  expect(subnetText(subnet(text))).toBe(network)
})

test.each(['', '10.0.0.0', '10.0.0.0/33', '256.0.0.0/8', 'fd00::/64', '10.0.0/8', ' 10.0.0.0/8'])(
  '%j is no IPv4 network',
  (text) => {
    expect(parseSubnet(text)).toBeUndefined()
  },
)

test('the first tenant gets the pool’s first subnet, the next the next, and a hole is filled', () => {
  const first = firstFreeSubnet(POOL, 26, [])
  expect(first && subnetText(first)).toBe('10.210.0.0/26')
  const next = firstFreeSubnet(POOL, 26, [subnet('10.210.0.0/26'), subnet('10.210.0.128/26')])
  expect(next && subnetText(next)).toBe('10.210.0.64/26')
})

test('networks of others are gone round, whatever their size, and those outside the pool do not matter', () => {
  const taken = ['10.0.0.0/9', '172.17.0.0/16', '10.210.0.3/32', '10.210.0.64/28'].map(subnet)
  const free = firstFreeSubnet(POOL, 26, taken)
  expect(free && subnetText(free)).toBe('10.210.0.128/26')
  expect(firstFreeSubnet(POOL, 26, [subnet('10.0.0.0/8')])).toBeUndefined()
})

test('a subnet that is given lies in the pool, is aligned, meets nobody’s, and is the lowest such', () => {
  fc.assert(
    fc.property(fc.array(inPool, { maxLength: 40 }), fc.integer({ min: 22, max: 29 }), (taken, bits) => {
      const free = firstFreeSubnet(POOL, bits, taken)
      const candidates = Array.from({ length: 2 ** (bits - POOL.bits) }, (_, n) => ({
        first: POOL.first + n * 2 ** (32 - bits),
        bits,
      }))
      expect(free).toEqual(candidates.find((candidate) => !taken.some((other) => overlaps(candidate, other))))
    }),
  )
})

test('a pool of 1024 subnets serves 1024 tenants and not one more', () => {
  const taken: Subnet[] = []
  for (let next = firstFreeSubnet(POOL, 26, taken); next; next = firstFreeSubnet(POOL, 26, taken)) taken.push(next)
  expect(new Set(taken.map(subnetText)).size).toBe(1024)
})
