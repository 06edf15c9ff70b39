import type { Route } from '@pushfn/model/route'
import { RoutePolicy, routeKey } from '@pushfn/model/route'
import { expect, test } from 'vitest'
import { RouteTable } from './route-table.ts'
import { Clock } from './wire/clock.ts'

const aTable = () => {
  const drained: string[] = []
  const bad: string[] = []
  const changed: (string | undefined)[] = []
  const table = new RouteTable(
    { maxConnections: 1, maxWaiting: 1, clock: new Clock() },
    {
      onDrained: (endpoint) => drained.push(endpoint),
      onBadEntry: (key) => bad.push(key),
      onChanged: (key) => changed.push(key),
      onLeap: () => undefined,
      onLimit: () => undefined,
    },
  )
  return { table, drained, bad, changed }
}

const aRoute = (over: Partial<Route> = {}): Route => ({
  host: 'ada',
  function: 'f',
  tenant: 'ada',
  revision: 'r',
  endpoints: [{ id: 'e1', address: '192.0.2.1:8080' }],
  policy: RoutePolicy.parse({ responseTimeoutMs: 1, idleTimeoutMs: 1, maxBodyBytes: 1 }),
  ...over,
})
const put = (table: RouteTable, route: Route) => table.put(routeKey(route), route)
async function* asPublished(...routes: Route[]) {
  for (const route of routes) yield [[routeKey(route), JSON.stringify(route)] as const]
}
async function* broken(key: string) {
  yield [[key, '{'] as const]
}

test('an endpoint that stays in the new form of its route keeps its connections and is not drained', () => {
  const { table, drained } = aTable()
  put(table, aRoute())
  const before = table.find('ada/f')?.upstreams[0]
  put(table, aRoute({ revision: 'r2' }))
  expect(table.find('ada/f')?.upstreams[0]).toBe(before)
  expect(drained).toEqual([])
})

test('an endpoint is drained when it has left its last route and its last call has ended', () => {
  const { table, drained } = aTable()
  put(table, aRoute())
  put(table, aRoute({ host: 'pr-1--ada' }))
  const upstream = table.find('ada/f')?.upstreams[0]
  upstream?.enter()
  table.remove('ada/f')
  table.remove('pr-1--ada/f')
  expect(drained).toEqual([])
  upstream?.leave()
  expect(drained).toEqual(['e1'])
})

test('an endpoint that comes back before its last call ended is not drained', () => {
  const { table, drained } = aTable()
  put(table, aRoute())
  const upstream = table.find('ada/f')?.upstreams[0]
  upstream?.enter()
  table.remove('ada/f')
  put(table, aRoute())
  upstream?.leave()
  expect(drained).toEqual([])
  expect(table.find('ada/f')?.upstreams[0]).toBe(upstream)
})

test('a replica with a new address is reached there, and is the same endpoint to the controller', () => {
  const { table, drained } = aTable()
  put(table, aRoute())
  put(table, aRoute({ endpoints: [{ id: 'e1', address: '192.0.2.9:8080' }] }))
  expect(table.find('ada/f')?.upstreams[0]?.address).toBe('192.0.2.9:8080')
  expect(drained).toEqual([])
  table.remove('ada/f')
  expect(drained).toEqual(['e1'])
})

test('a whole new table replaces everything; what is in both stays', async () => {
  const { table, drained } = aTable()
  put(table, aRoute())
  put(table, aRoute({ function: 'gone', endpoints: [{ id: 'e2', address: '192.0.2.2:8080' }] }))
  const kept = table.find('ada/f')
  await table.replace(asPublished(aRoute(), aRoute({ host: 'eve', tenant: 'eve' })))
  expect(table.size).toBe(2)
  expect(table.find('ada/f')?.stats).toBe(kept?.stats)
  expect(table.find('ada/f')?.upstreams[0]).toBe(kept?.upstreams[0])
  expect(table.find('ada/gone')).toBeUndefined()
  expect(drained).toEqual(['e2'])
})

test('two tenants’ functions of one name are counted apart, and so are one function’s aliases', () => {
  const { table } = aTable()
  put(table, aRoute())
  put(table, aRoute({ host: 'pr-1--ada' }))
  put(table, aRoute({ host: 'eve', tenant: 'eve' }))
  const counted = [...table.stats()].map(({ key, functionName, alias }) => [key, functionName, alias])
  expect(counted).toEqual([
    ['ada/f', 'f.ada', 'live'],
    ['pr-1--ada/f', 'f.ada', 'preview'],
    ['eve/f', 'f.eve', 'live'],
  ])
})

test('of a function’s commits that are gone one count is left, as long as the function is there', () => {
  const { table } = aTable()
  put(table, aRoute())
  for (const commit of ['1a2b3c4d', '5e6f7a8b', '9c0d1e2f']) {
    put(table, aRoute({ host: `${commit}--ada` }))
    const stats = table.find(`${commit}--ada/f`)?.stats
    stats?.begin()
    stats?.end(200, 0.1)
    table.remove(`${commit}--ada/f`)
  }
  expect([...table.stats()].map(({ key }) => key)).toEqual(['ada/f'])
  expect([...table.past()]).toMatchObject([{ functionName: 'f.ada', alias: 'commit', started: 3, inFlight: 0 }])
  table.remove('ada/f')
  expect([...table.past()]).toEqual([])
})

test.each<[string, unknown]>([
  ['ada/f', { ...aRoute(), host: 'eve' }],
  ['ada/f/x', aRoute({ function: 'f/x' })],
  ['ADA/f', aRoute({ host: 'ADA' })],
  ['ada/f', aRoute({ endpoints: [{ id: 'e', address: 'localhost:1' }] })],
  ['ada/f', aRoute({ endpoints: [{ id: 'e', address: '192.0.2.1' }] })],
  ['ada/f', { ...aRoute(), policy: undefined }],
  ['ada/f', undefined],
])('%s with %j is told and not used', (key, candidate) => {
  const { table, bad } = aTable()
  table.put(key, candidate)
  expect([table.size, bad]).toEqual([0, [key]])
})

test('a route whose new form cannot be used goes on in its old one', async () => {
  const { table, drained } = aTable()
  put(table, aRoute())
  table.put('ada/f', { broken: true })
  await table.replace(broken('ada/f'))
  expect(table.find('ada/f')?.upstreams[0]?.id).toBe('e1')
  table.remove('ada/f')
  expect(drained).toEqual(['e1'])
})

test('whoever waits for a function hears of each change of its routes', async () => {
  const { table, changed } = aTable()
  table.put('ada/f', aRoute({ endpoints: [] }))
  table.put('ada/f', aRoute())
  table.remove('ada/f')
  table.remove('ada/f')
  expect(changed).toEqual(['ada/f', 'ada/f', 'ada/f'])
  await table.replace(asPublished())
  expect(changed.at(-1)).toBeUndefined()
})

test('a key that comes twice counts once, and a reading that breaks off changes nothing', async () => {
  const { table, drained } = aTable()
  await table.replace(asPublished(aRoute(), aRoute({ endpoints: [{ id: 'e2', address: '192.0.2.2:8080' }] })))
  expect([table.size, drained]).toEqual([1, ['e1']])
  async function* breaking() {
    yield [['ada/g', JSON.stringify(aRoute({ function: 'g' }))] as const]
    throw new Error('redis is away')
  }
  await expect(table.replace(breaking())).rejects.toThrow('redis is away')
  expect([table.size, table.find('ada/f')?.upstreams[0]?.id]).toEqual([1, 'e2'])
  table.remove('ada/f')
  expect(drained).toEqual(['e1', 'e1', 'e2'])
})

test('equal policies are one object', () => {
  const { table } = aTable()
  put(table, aRoute())
  put(table, aRoute({ host: 'eve', tenant: 'eve' }))
  put(table, aRoute({ host: 'bob', tenant: 'bob', policy: { ...aRoute().policy, maxBodyBytes: 2 } }))
  expect(table.find('ada/f')?.policy).toBe(table.find('eve/f')?.policy)
  expect(table.find('bob/f')?.policy.maxBodyBytes).toBe(2)
})

test('a split counts on while its id stays, and begins anew with another one', async () => {
  const { table } = aTable()
  const split = { id: 'c.1', host: 'canary--ada', weight: 5 }
  put(table, aRoute({ split }))
  const before = table.find('ada/f')?.split
  expect(before).toMatchObject({ key: 'canary--ada/f', weight: 5 })
  put(table, aRoute({ split, endpoints: [] }))
  await table.replace(asPublished(aRoute({ split })))
  expect(table.find('ada/f')?.split).toBe(before)
  put(table, aRoute({ split: { ...split, id: 'c.2', weight: 50 } }))
  expect(table.find('ada/f')?.split).not.toBe(before)
  await table.replace(asPublished())
  expect([...table.splits()]).toEqual([])
})

test('a route is split with none of another tenant’s', () => {
  const { table, bad } = aTable()
  put(table, aRoute({ split: { id: 'c.1', host: 'canary--eve', weight: 5 } }))
  expect([table.find('ada/f'), bad]).toEqual([undefined, ['ada/f']])
})
