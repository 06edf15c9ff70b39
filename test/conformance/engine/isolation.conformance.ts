import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { type Harness, hostOf } from './harness.ts'
import { listening } from './listening.ts'
import { answers, connects, DEFAULT_GATEWAY, inside } from './probe.ts'

const REFUSED = /^E(HOSTUNREACH|CONNREFUSED|NETUNREACH|ACCES|PERM)$/

/** A tenant reaches nobody, and nothing of the host's (THREATS row 21). Every “cannot” stands beside a “can”. */
export const isolationConformance = (harness: () => Harness): void => {
  test('many tenants that come at once each get a namespace', async () => {
    const { engine } = harness()
    const tenants = Array.from({ length: 6 }, (_, n) => `crowd-${n}`)
    await Promise.all([...tenants, ...tenants].map((tenant) => engine.ensureNamespace(tenant)))
    await Promise.all(tenants.map((tenant) => engine.removeNamespace(tenant)))
  })

  test('a tenant reaches no other tenant, in its own cloud or another, and nothing that no cloud made', async () => {
    const { serving, neighbourServing, startForeign } = harness()
    const { address: alice } = await serving({ tenant: 'alice' })
    const { address: bob } = await serving({ tenant: 'bob' })
    const { address: carol } = await neighbourServing({ tenant: 'carol' })
    const { ip: foreign } = await startForeign()
    await answers(`${foreign}:8080`)
    expect(await connects(alice, hostOf(alice), 8080), 'itself').toBe('open')
    expect(await connects(alice, hostOf(bob), 8080), 'another tenant').toMatch(REFUSED)
    expect(await connects(alice, hostOf(carol), 8080), 'another cloud').toMatch(REFUSED)
    expect(await connects(carol, hostOf(alice), 8080), 'from another cloud').toMatch(REFUSED)
    expect(await connects(alice, foreign, 8080), 'a foreign container').toMatch(REFUSED)
  })

  test('replicas of one tenant do not reach one another but through the gateway', async () => {
    const { serving } = harness()
    const [{ address: first }, { address: second }] = await Promise.all([serving({}, 0), serving({}, 1)])
    expect(await connects(first, hostOf(second), 8080)).not.toBe('open')
  })

  test('a container that no cloud made does not reach a tenant', async () => {
    const { serving, startForeign } = harness()
    const { address } = await serving()
    const { ip } = await startForeign()
    await answers(`${ip}:8080`)
    expect(await connects(`${ip}:8080`, ip, 8080), 'itself').toBe('open')
    expect(await connects(`${ip}:8080`, hostOf(address), 8080)).not.toBe('open')
  })

  test('a function reaches no address of the host, whatever listens there', async () => {
    const { address } = await harness().serving()
    await using server = await listening()
    const hosts = [...hostAddresses(), await inside(address, DEFAULT_GATEWAY)]
    expect(hosts.length).toBeGreaterThan(2)
    for (const host of hosts) {
      expect(await connects(address, String(host), server.port), String(host)).toMatch(REFUSED)
    }
  })

  test.each([
    ['the metadata service', '169.254.169.254'],
    ['10.0.0.0/8', '10.0.0.1'],
    ['172.16.0.0/12', '172.16.0.1'],
    ['192.168.0.0/16', '192.168.0.1'],
    ['100.64.0.0/10', '100.64.0.1'],
  ])('a function is refused %s at once', async (_, host) => {
    const { address } = await harness().serving()
    expect(await connects(address, host, 80)).toMatch(REFUSED)
  })

  test('a function has no IPv6', async () => {
    const { address } = await harness().serving()
    const addresses = `
      return Object.values(require('node:os').networkInterfaces()).flat()
        .filter(({ family, internal }) => family === 'IPv6' && !internal)`
    expect(await inside(address, addresses)).toEqual([])
    expect(await connects(address, '2606:4700:4700::1111', 443)).not.toBe('open')
  })

  test('a function gets an answer from the resolver', async () => {
    const { address } = await harness().serving()
    const asked = "return require('node:dns').promises.resolve4('deb.debian.org').then(() => 'ok', ({ code }) => code)"
    expect(await inside(address, asked)).toMatch(/^(ok|ENOTFOUND|ENODATA)$/)
  })
}

const hostAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
