import { FunctionSpec } from '@pushfn/model/function-spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bridgeName, bridgePrefix, containerName, identityOf, networkName, replicaLabels } from './names.ts'

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/)
const alias = fc.oneof(fc.constant('live'), fc.stringMatching(/^[0-9]{1,8}$/), label)
const replica = fc.record({ tenant: label, function: label, revision: label, alias, ordinal: fc.nat({ max: 50 }) })
const spec = FunctionSpec.parse({
  environment: {},
  secrets: [],
  sealed: {},
  labels: {},
  annotations: {},
  memoryMiB: 64,
  cpuMillis: 100,
  processes: 20,
  isRootReadOnly: true,
  scale: { min: 1, max: 1 },
  health: { path: '/', initialDelayMs: 0 },
  timeouts: { responseMs: 1, idleMs: 1, answerMs: null },
})
const workload = (labels: Record<string, string> = {}) => ({
  tenant: 'a-b',
  function: 'c',
  alias: 'live',
  revision: 'r1',
  build: 'b1',
  image: 'sha256:0',
  generation: '12',
  spec: { ...spec, labels },
})

test('(a-b, c) and (a, b-c) have different names', () => {
  const one = containerName('pf', { tenant: 'a-b', function: 'c', revision: 'r', alias: 'live' }, 0)
  const two = containerName('pf', { tenant: 'a', function: 'b-c', revision: 'r', alias: 'live' }, 0)
  expect([one, two]).toEqual(['pf.a-b.c.r.0', 'pf.a.b-c.r.0'])
})

test('two replicas have one name only when they are one replica', () => {
  fc.assert(
    fc.property(replica, replica, (one, two) => {
      const isSameName = containerName('pf', one, one.ordinal) === containerName('pf', two, two.ordinal)
      expect(isSameName).toBe(JSON.stringify(one) === JSON.stringify(two))
    }),
    { numRuns: 2000 },
  )
})

test('two tenants have one network only when they are one tenant of one cloud', () => {
  fc.assert(
    fc.property(label, label, label, label, (cloudA, a, cloudB, b) => {
      const isSame = cloudA === cloudB && a === b
      expect(networkName(cloudA, a) === networkName(cloudB, b)).toBe(isSame)
      expect(bridgeName(cloudA, a) === bridgeName(cloudB, b)).toBe(isSame)
    }),
  )
})

test('a bridge’s name is what Linux allows, and begins with its cloud’s prefix alone', () => {
  fc.assert(
    fc.property(label, label, (cloud, tenant) => {
      expect(bridgeName(cloud, tenant)).toMatch(/^pf[a-z2-7]{13}$/)
      expect(bridgeName(cloud, tenant).startsWith(bridgePrefix(cloud))).toBe(true)
    }),
  )
  expect(bridgePrefix('one')).not.toBe(bridgePrefix('two'))
})

test('a container is read back as what it was made as', () => {
  const labels = replicaLabels('pf', workload(), 3)
  expect(identityOf('pf', '/pf.a-b.c.r1.3', labels)).toEqual({
    tenant: 'a-b',
    function: 'c',
    alias: 'live',
    revision: 'r1',
    generation: '12',
    ordinal: 3,
  })
})

test('a container under another alias is read back with it, and one from before there were any as live', () => {
  const preview = { ...workload(), alias: 'pr-7-shop' }
  const labels = replicaLabels('pf', preview, 0)
  expect(identityOf('pf', '/pf.a-b.c.r1.pr-7-shop.0', labels)).toMatchObject({ alias: 'pr-7-shop', ordinal: 0 })
  expect(identityOf('pf', '/pf.a-b.c.r1.0', labels)).toBeUndefined()
  const { 'pushfn.cloud/alias': _, ...former } = replicaLabels('pf', workload(), 3)
  expect(identityOf('pf', '/pf.a-b.c.r1.3', former)).toMatchObject({ alias: 'live' })
})

test('labels that do not fit the name, the cloud or the schema make no replica', () => {
  const labels = replicaLabels('pf', workload(), 3)
  expect(identityOf('other', '/other.a-b.c.r1.3', labels)).toBeUndefined()
  expect(identityOf('pf', '/some-container', labels)).toBeUndefined()
  expect(identityOf('pf', '/pf.a.b-c.r1.3', labels)).toBeUndefined()
  expect(identityOf('pf', '/pf.a-b.c.r1.3', { ...labels, 'pushfn.cloud/ordinal': '-3' })).toBeUndefined()
  expect(identityOf('pf', '/pf.a-b.c.r1.3', undefined)).toBeUndefined()
})

test('a tenant’s labels are passed on when they are OpenFaaS’s, and never stand for ours or for another program’s', () => {
  const asked = {
    'com.openfaas.scale.zero': 'true',
    'pushfn.cloud/managed': 'other',
    'pushfn.cloud/new': 'x',
    'traefik.enable': 'true',
    plain: 'x',
  }
  expect(replicaLabels('pf', workload(asked), 0)).toEqual({
    ...replicaLabels('pf', workload(), 0),
    'com.openfaas.scale.zero': 'true',
  })
})
