/**
 * Small subnets out of one pool, IPv4. Docker's own pools hold about 30 networks and a cloud has more tenants than
 * that, so that each network names its subnet itself. Pure: who has which subnet is Docker's to say.
 */
export interface Subnet {
  /** The first address as a number. */
  first: number
  /** How many bits are the network's. */
  bits: number
}

/** `10.210.0.0/16` as numbers, host bits cleared; undefined when it is no IPv4 network. */
export const parseSubnet = (text: string): Subnet | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)
  if (!match) return undefined
  const [bits, ...bytes] = [match[5], match[1], match[2], match[3], match[4]].map(Number)
  if (bits === undefined || bits > 32 || bytes.some((byte) => byte > 255)) return undefined
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { first: address - (address % size(bits)), bits }
}

export const subnetText = ({ first, bits }: Subnet): string =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`

export const overlaps = (one: Subnet, other: Subnet): boolean =>
  one.first < other.first + size(other.bits) && other.first < one.first + size(one.bits)

/** The lowest subnet of `bits` in the pool that meets none of `taken`; undefined when the pool is used up. */
export const firstFreeSubnet = (pool: Subnet, bits: number, taken: readonly Subnet[]): Subnet | undefined => {
  const end = pool.first + size(pool.bits)
  const inPool = taken.filter((subnet) => overlaps(pool, subnet)).sort((one, other) => one.first - other.first)
  let first = pool.first
  for (const subnet of inPool) {
    if (first + size(bits) <= subnet.first) break
    const after = subnet.first + size(subnet.bits)
    first = Math.max(first, Math.ceil(after / size(bits)) * size(bits))
  }
  return first + size(bits) <= end ? { first, bits } : undefined
}

const size = (bits: number): number => 2 ** (32 - bits)
