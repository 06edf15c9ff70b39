import { findFreePort } from '@pushfn/local/free-port'
import { domainKeys } from '@pushfn/store/calls/published-domains'
import { syncDomains } from '@pushfn/store/domains'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../conformance/gateway/support/world.ts'
import { type DnsServer, startDnsServer } from '../support/dns-server.ts'
import { aConsoleTenant, type ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'

/** Domains of tenants through the API: claimed, proved by DNS, told to the gateways, answered to the edge. */
let dns: DnsServer
let stage: ConsoleStage
let ada: ConsoleTenant
let eve: ConsoleTenant
let askUrl: string

beforeAll(async () => {
  dns = await startDnsServer()
  const askPort = await findFreePort()
  askUrl = `http://127.0.0.1:${askPort}/domains/ask`
  stage = await startConsole({
    DNS_SERVERS: dns.address,
    DOMAIN_CHECK_MS: '300',
    EDGE_ASK_PORT: String(askPort),
    FUNCTIONS_URL: 'https://fn.example.net',
  })
  ada = await aConsoleTenant(stage, 'ada')
  eve = await aConsoleTenant(stage, 'eve')
})
afterAll(async () => {
  await stage[Symbol.asyncDispose]()
  await dns[Symbol.asyncDispose]()
})

const api = async (tenant: ConsoleTenant, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => {
  const answer = await request(`${stage.apiUrl}/tenants/${tenant.tenant.slug}/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tenant.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.body.text()
  return { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) }
}
const claim = async (tenant: ConsoleTenant, domain: string, name: string | null = null) => {
  const { status, body } = await api(tenant, 'POST', 'domains', { domain, function: name })
  expect(status).toBe(201)
  return body
}
/** Sets the record that a claim asks for, beside those that are there. */
const prove = ({ record }: { record: { name: string; value: string } }) =>
  dns.records.set(record.name, [...(dns.records.get(record.name) ?? []), record.value])
const verify = (tenant: ConsoleTenant, domain: string) => api(tenant, 'POST', `domains/${domain}/verify`)
const ask = async (domain: string) => (await request(`${askUrl}?domain=${encodeURIComponent(domain)}`)).statusCode
const published = (domain: string) => stage.bus.redis.hget(domainKeys(stage.cloud).table, domain)

describe('a domain', () => {
  test('is claimed, proved and told; then it is served, until it is removed', async () => {
    const claimed = await claim(ada, 'Shop.Example.com.', 'hello')
    expect(claimed).toMatchObject({
      domain: 'shop.example.com',
      function: 'hello',
      record: {
        name: '_pushfn.shop.example.com',
        type: 'TXT',
        value: expect.stringMatching(/^pushfn-verify=[0-9a-f]{32}$/),
      },
      verifiedAt: null,
    })
    const early = await verify(ada, 'shop.example.com')
    expect(early.status).toBe(409)
    expect(early.body.detail).toContain(`there is no TXT record “${claimed.record.value}” at _pushfn.shop.example.com`)
    expect([await ask('shop.example.com'), await published('shop.example.com')]).toEqual([404, null])

    dns.records.set(claimed.record.name, ['v=spf1 -all', claimed.record.value])
    const { status, body } = await verify(ada, 'shop.example.com')
    expect([status, typeof body.verifiedAt]).toEqual([200, 'string'])
    expect(await ask('SHOP.example.com.')).toBe(200)
    expect(JSON.parse((await published('shop.example.com')) ?? '')).toEqual({ tenant: 'ada', function: 'hello' })

    await claim(ada, 'shop.example.com')
    expect(JSON.parse((await published('shop.example.com')) ?? '')).toEqual({ tenant: 'ada', function: null })
    expect((await api(ada, 'GET', 'domains')).body.items).toMatchObject([
      { domain: 'shop.example.com', function: null },
    ])

    expect((await api(ada, 'DELETE', 'domains/shop.example.com')).status).toBe(204)
    expect([await ask('shop.example.com'), await published('shop.example.com')]).toEqual([404, null])
    expect((await api(ada, 'DELETE', 'domains/shop.example.com')).status).toBe(404)
  })

  test('is found by itself once its record stands', async () => {
    const claimed = await claim(ada, 'blog.example.com')
    await until(() => dns.asked.includes(claimed.record.name), 'the record is looked for')
    prove(claimed)
    await until(async () => (await ask('blog.example.com')) === 200, 'the domain is served')
  })

  test('of another script is the same as its punycode', async () => {
    const claimed = await claim(ada, 'bücher.example.com')
    expect(claimed.domain).toBe('xn--bcher-kva.example.com')
    prove(claimed)
    expect((await verify(ada, encodeURIComponent('bücher.example.com'))).status).toBe(200)
    expect(await ask('xn--bcher-kva.example.com')).toBe(200)
  })

  test.each([
    ['*.example.com', 400],
    ['10.0.0.1', 400],
    ['localhost', 400],
    ['fn.example.net', 403],
    ['eve.fn.example.net', 403],
    ['deep.eve.fn.example.net', 403],
    ['console.localhost', 400],
  ])('%s is refused', async (domain, status) => {
    expect((await api(ada, 'POST', 'domains', { domain })).status).toBe(status)
  })

  test('is not proved by DNS that does not answer', async () => {
    prove(await claim(ada, 'quiet.example.com'))
    dns.mood = 'refuse'
    try {
      expect((await verify(ada, 'quiet.example.com')).status).toBe(502)
      expect(await ask('quiet.example.com')).toBe(404)
    } finally {
      dns.mood = 'answer'
    }
    expect((await verify(ada, 'quiet.example.com')).status).toBe(200)
  })

  test('is one of so many', async () => {
    const many = await aConsoleTenant(stage, 'many')
    for (let n = 0; n < 50; n += 1) await claim(many, `d${n}.example.org`)
    const { status, body } = await api(many, 'POST', 'domains', { domain: 'more.example.org' })
    expect([status, body.detail]).toEqual([409, 'a tenant may have 50 domains: remove one'])
    // One that it has may still be changed.
    await claim(many, 'd1.example.org', 'hello')
  })
})

describe('two tenants', () => {
  test('may claim the same; who proves it has it, and the other’s record proves nothing', async () => {
    const adas = await claim(ada, 'both.example.com')
    const eves = await claim(eve, 'both.example.com')
    expect(adas.record.value).not.toBe(eves.record.value)
    prove(eves)
    expect((await verify(ada, 'both.example.com')).status).toBe(409)
    expect((await verify(eve, 'both.example.com')).status).toBe(200)
    expect(JSON.parse((await published('both.example.com')) ?? '').tenant).toBe('eve')
    // Both records stand: who was first keeps it, and the other is told.
    prove(adas)
    const late = await verify(ada, 'both.example.com')
    expect([late.status, late.body.detail]).toEqual([
      409,
      expect.stringContaining('another tenant serves both.example.com'),
    ])
    expect(late.body.detail).not.toContain('eve')
    // The domain changed hands: the former owner's record is gone.
    dns.records.set(adas.record.name, [adas.record.value])
    expect((await verify(ada, 'both.example.com')).status).toBe(200)
    expect(JSON.parse((await published('both.example.com')) ?? '').tenant).toBe('ada')
    expect((await api(eve, 'GET', 'domains')).body.items).toMatchObject([{ verifiedAt: null }])
    // Hers is a claim now: removing it takes nothing from ada.
    expect((await api(eve, 'DELETE', 'domains/both.example.com')).status).toBe(204)
    expect(await ask('both.example.com')).toBe(200)
  })

  test('who prove the same at once do not both have it', async () => {
    const name = 'race.example.com'
    for (const claimed of [await claim(ada, name), await claim(eve, name)]) prove(claimed)
    const statuses = (await Promise.all([verify(ada, name), verify(eve, name)])).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 409])
  })

  test('do not see or touch each other’s', async () => {
    await claim(ada, 'mine.example.com')
    expect((await verify(eve, 'mine.example.com')).status).toBe(404)
    expect((await api(eve, 'DELETE', 'domains/mine.example.com')).status).toBe(404)
    expect(JSON.stringify((await api(eve, 'GET', 'domains')).body)).not.toContain('mine.example.com')
  })
})

describe('the edge', () => {
  test('is told of the console and of tenants’ own hosts, not of previews and strangers', async () => {
    expect(await ask('console.localhost')).toBe(200)
    expect(await ask('ada.fn.example.net')).toBe(200)
    for (const host of [
      'nobody.fn.example.net',
      'a.ada.fn.example.net',
      'fn.example.net',
      '1a2b3c4d--ada.fn.example.net',
      'example.com',
      '',
      '*',
      `${'x'.repeat(2_000)}.com`,
    ]) {
      expect([host, await ask(host)]).toEqual([host, 404])
    }
    expect((await request(askUrl)).statusCode).toBe(400)
  })

  test('cannot be asked by the console’s own address', async () => {
    const answer = await request(`${stage.apiUrl.replace('/api/v1', '')}/domains/ask?domain=ada.fn.example.net`)
    expect(await answer.body.text()).not.toContain('served here')
  })

  test('is told no more of a tenant that is suspended, and neither are the gateways', async () => {
    const zoe = await aConsoleTenant(stage, 'zoe')
    prove(await claim(zoe, 'zoe.example.com'))
    expect((await verify(zoe, 'zoe.example.com')).status).toBe(200)
    await stage.db.tenant.update({ where: { id: zoe.tenant.id }, data: { suspendedAt: new Date() } })
    expect([await ask('zoe.example.com'), await ask('zoe.fn.example.net')]).toEqual([404, 404])
    await syncDomains(stage.bus.redis, stage.cloud, stage.db)
    expect(await published('zoe.example.com')).toBeNull()
    expect(await published('both.example.com')).not.toBeNull()
  })
})
