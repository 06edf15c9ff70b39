import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hostResolvers } from './resolvers.ts'

const folder = await mkdtemp(join(tmpdir(), 'resolvers-'))
afterAll(() => rm(folder, { recursive: true }))
const file = async (name: string, text: string) => {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

test('the host’s IPv4 resolvers are those of Docker, and nothing that is no address gets through', async () => {
  const text =
    '# a comment\nnameserver 10.0.0.2\n nameserver\t1.1.1.1 # ours\nnameserver fe80::1%eth0\nnameserver $(id)\nsearch x\n'
  expect(await hostResolvers(await file('plain', text), '/nonexistent')).toEqual(['10.0.0.2', '1.1.1.1'])
})

test('behind systemd’s stub the real ones are read', async () => {
  const real = await file('real', 'nameserver 192.168.1.1\n')
  expect(await hostResolvers(await file('stub', 'nameserver 127.0.0.53\n'), real)).toEqual(['192.168.1.1'])
})

test('a resolver on loopback is asked by the host itself and needs no way out', async () => {
  const local = await file('local', 'nameserver 127.0.0.1\nnameserver 10.0.0.2\n')
  expect(await hostResolvers(local, '/nonexistent')).toEqual(['10.0.0.2'])
  expect(await hostResolvers('/nonexistent', '/nonexistent')).toEqual([])
})
