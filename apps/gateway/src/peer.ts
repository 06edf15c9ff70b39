import { BlockList, isIP, isIPv6, type Socket } from 'node:net'
import { ConfigurationError } from '@pushfn/kit/configuration'

/** Who is at the other end of a caller's connection. */
export interface Peer {
  readonly address: string
  /** Whether its X-Forwarded-* headers are believed. */
  readonly isTrusted: boolean
  /** Whether it is the gateway's own primary, whose call id, start and words of the cloud are believed. */
  readonly isInternal: boolean
  /** Set once a request of it could be read in two ways: whatever stands behind it on the connection is not looked at. */
  isRefused: boolean
}

const MAPPED_IPV4 = '::ffff:'

/** `10.0.0.0/8`, `::1` … as a block list. Throws ConfigurationError for what is neither address nor network. */
export const parseNetworks = (networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const longest = family === 'ipv6' ? 128 : 32
    const length = prefix === undefined ? longest : Number(prefix)
    if (isIP(address) === 0 || prefix === '' || !Number.isInteger(length) || length < 0 || length > longest) {
      throw new ConfigurationError(`TRUSTED_PROXIES is wrong: ${network} is neither an address nor a network`)
    }
    list.addSubnet(address, length, family)
  }
  return list
}

/** Looks a connection's peer up once and remembers it for as long as the connection lives. */
export const createPeers = (trusted: BlockList): ((socket: Socket) => Peer) => {
  const peers = new WeakMap<Socket, Peer>()
  return (socket) => {
    const known = peers.get(socket)
    if (known) return known
    const remote = socket.remoteAddress ?? 'unknown'
    const address = remote.startsWith(MAPPED_IPV4) ? remote.slice(MAPPED_IPV4.length) : remote
    const isTrusted = isIP(address) !== 0 && trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    const peer = { address, isTrusted, isInternal: false, isRefused: false }
    peers.set(socket, peer)
    return peer
  }
}

/** As `createPeers`, of the socket on which the primary alone calls. */
export const createInternalPeers = (): ((socket: Socket) => Peer) => {
  const peers = new WeakMap<Socket, Peer>()
  return (socket) => {
    const peer = peers.get(socket) ?? { address: '127.0.0.1', isTrusted: true, isInternal: true, isRefused: false }
    peers.set(socket, peer)
    return peer
  }
}
