import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createPeers, parseNetworks } from './peer.ts'

const aSocket = (remoteAddress: string): Socket =>
  Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress })

test.each([
  ['10.1.2.3', true],
  ['::ffff:10.1.2.3', true],
  ['11.0.0.1', false],
  ['192.0.2.1', true],
  ['192.0.2.2', false],
  ['fd00::1', true],
  ['fe80::1', false],
])('%s is trusted: %s', (address, isTrusted) => {
  const peerOf = createPeers(parseNetworks(['10.0.0.0/8', '192.0.2.1', 'fd00::/8']))
  expect(peerOf(aSocket(address)).isTrusted).toBe(isTrusted)
})

test('an IPv4 caller on an IPv6 socket is told as IPv4', () => {
  expect(createPeers(parseNetworks([]))(aSocket('::ffff:203.0.113.9')).address).toBe('203.0.113.9')
})

test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0/8', ''])(
  '%j is refused by name',
  (network) => {
    expect(() => parseNetworks([network])).toThrow(/^TRUSTED_PROXIES is wrong/)
  },
)
