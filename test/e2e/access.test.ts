import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBoundProcess } from '@pushfn/local/bound-process'
import { findFreePort } from '@pushfn/local/free-port'
import { repositoryRoot } from '@pushfn/local/repository-root'
import { CADDY, findProgram, installSystemPackages } from '@pushfn/local/system-packages'
import { tokenHash, tokenKey, tokenKeys } from '@pushfn/store/calls/published-tokens'
import { openRedis, type Redis } from '@pushfn/store/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../conformance/gateway/support/world.ts'
import { type DnsServer, startDnsServer } from '../support/dns-server.ts'
import { localFetch } from '../support/local-fetch.ts'
import { testServers } from '../support/servers.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'
import { aCopyOf, remoteLines } from './bad-input-stage.ts'

/** Who may call a function that was pushed: private, limited, from pages, under its tenant's own domain and with TLS. */
let dns: DnsServer
let world: World
let ada: TestTenant
let eve: TestTenant
let askPort: number
let redis: Redis

const STACK = `functions:
  secret:
    lang: node24
    handler: ./echo
    annotations:
      auth: token
      pushfn.cloud/cors-origins: https://app.example.com
  scarce:
    lang: node24
    handler: ./echo
    annotations:
      pushfn.cloud/requests-per-second: 0.01
      pushfn.cloud/burst: 3
      pushfn.cloud/max-body: 1Ki
`
const ECHO = 'module.exports = async (event, context) => context.status(200).succeed(event.headers)\n'

beforeAll(async () => {
  dns = await startDnsServer()
  askPort = await findFreePort()
  world = await startWorld({
    env: { DNS_SERVERS: dns.address, EDGE_ASK_PORT: String(askPort), TRUSTED_PROXIES: '127.0.0.1' },
  })
  redis = openRedis(testServers().redisUrl, () => undefined)
  ada = await aTenantOf(world)
  eve = await aTenantOf(world)
  await using copy = await aCopyOf({ files: { 'stack.yml': STACK, 'echo/handler.js': ECHO } })
  for (const tenant of [ada, eve]) {
    const { output } = await copy.push(tenant.gitUrl('doors'))
    expect(remoteLines(output).join('\n')).toContain('secret is live')
  }
})
afterAll(async () => {
  redis.disconnect()
  await world[Symbol.asyncDispose]()
  await dns[Symbol.asyncDispose]()
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const api = async (tenant: TestTenant, method: string, path: string, body?: unknown, token = tenant.token) => {
  const response = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/${path}`, {
    method,
    headers: { ...bearer(token), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}
const call = (tenant: TestTenant, name: string, headers: Record<string, string> = {}) =>
  localFetch(world.functionUrl(tenant.slug, name), { headers })

describe('a private function', () => {
  test('is its tenant’s, by a token that lives and dies', async () => {
    expect((await call(ada, 'secret')).status).toBe(401)
    expect((await call(ada, 'secret', bearer(eve.token))).status).toBe(403)
    const { token, id } = (await api(ada, 'POST', 'tokens', { name: 'caller' })).body
    const answer = await call(ada, 'secret', bearer(token))
    expect(answer.status).toBe(200)
    expect(await answer.text()).not.toContain(token)
    expect((await api(ada, 'GET', 'tokens')).body.items[0]).toMatchObject({ id, name: 'caller' })

    expect((await api(eve, 'DELETE', `tokens/${id}`)).status).toBe(404)
    expect((await call(ada, 'secret', bearer(token))).status).toBe(200)
    expect((await api(ada, 'DELETE', `tokens/${id}`)).status).toBe(204)
    await until(async () => (await call(ada, 'secret', bearer(token))).status === 401, 'the token is forgotten')
    expect((await api(ada, 'GET', 'functions', undefined, token)).status).toBe(401)
    expect((await call(ada, 'secret', bearer(ada.token))).status).toBe(200)
  })

  test('takes an async call with a token alone, and does not see it when the call is run', async () => {
    const url = world.functionUrl(ada.slug, 'secret').replace('/secret', '/async-function/secret')
    const later = (headers: Record<string, string>) => localFetch(url, { method: 'POST', headers })
    expect([(await later({})).status, (await later(bearer(eve.token))).status]).toEqual([401, 403])
    const accepted = await later(bearer(ada.token))
    expect(accepted.status).toBe(202)
    const state = () => localFetch(`${url}/${accepted.headers.get('x-call-id')}`, { headers: bearer(ada.token) })
    await until(async () => Object(await (await state()).json()).state === 'done', 'the call is done')
    expect(await (await state()).text()).not.toContain(ada.token)
    expect((await localFetch(`${url}/${accepted.headers.get('x-call-id')}`)).status).toBe(401)
  })

  test('keeps its doors when Redis loses what it knows of tokens: the controller writes it anew, and nothing else', async () => {
    const token = (await api(ada, 'POST', 'tokens', { name: 'fresh' })).body.token
    const forged = `pf_${'x'.repeat(32)}`
    const { table, version } = tokenKeys(world.cloud)
    const entry = JSON.stringify({ tenant: ada.slug, expiresAt: null })
    await redis
      .multi()
      .del(table, version)
      .hset(table, tokenKey(tokenHash(forged)), entry)
      .exec()
    await until(async () => (await call(ada, 'secret', bearer(token))).status === 200, 'the token opens again')
    await until(async () => (await redis.hexists(table, tokenKey(tokenHash(forged)))) === 0, 'the forged entry is gone')
    await until(
      async () => (await call(ada, 'secret', bearer(forged))).status === 401,
      'the forged token opens nothing',
    )
  })

  test('leaves no token in any log', async () => {
    for (const app of ['gateway', 'api', 'controller'] as const) {
      const log = await world.logOf(app)
      for (const token of [ada.token, eve.token]) expect(log).not.toContain(token)
    }
  })

  test('answers pages that are named', async () => {
    const headers = { ...bearer(ada.token), origin: 'https://app.example.com' }
    expect((await call(ada, 'secret', headers)).headers.get('access-control-allow-origin')).toBe(headers.origin)
  })
})

test('limits of the stack and of the tenant hold, the latter as soon as an operator says so', async () => {
  const statuses: number[] = []
  for (let n = 0; n < 5; n += 1) statuses.push((await call(ada, 'scarce')).status)
  expect(statuses).toEqual([200, 200, 200, 429, 429])
  const large = await localFetch(world.functionUrl(eve.slug, 'scarce'), { method: 'POST', body: 'x'.repeat(1_025) })
  expect(large.status).toBe(413)

  const limits = { requestsPerSecond: 0.01, burst: 2, concurrentRequests: null }
  expect((await api(eve, 'PUT', 'limits', limits)).status).toBe(403)
  expect((await api(eve, 'PUT', 'limits', limits, world.operatorToken)).status).toBe(200)
  const secret = () => call(eve, 'secret', bearer(eve.token))
  await until(async () => (await secret()).status === 429, 'the tenant’s limit holds')
  expect((await secret()).headers.get('ratelimit-policy')).toBe('"tenant";q=2;w=200')
  expect((await call(ada, 'secret', bearer(ada.token))).status).toBe(200)
  await api(eve, 'DELETE', 'limits', undefined, world.operatorToken)
  await until(async () => (await secret()).status === 200, 'the limit is gone')
})

describe('the edge', () => {
  interface Edge extends AsyncDisposable {
    /** One request over TLS with certificates checked; rejects when there is none for the host. */
    get(host: string, path: string, headers?: Record<string, string>): Promise<{ status: number; body: string }>
    readonly httpPort: number
  }

  /** Debian's Caddy with the Caddyfile that we ship, certificates from an authority of its own. */
  const startEdge = async (): Promise<Edge> => {
    await installSystemPackages([CADDY])
    const folder = await mkdtemp(join(tmpdir(), 'pushfn-edge-'))
    const [httpPort, httpsPort] = [await findFreePort(), await findFreePort()]
    const config = join(repositoryRoot, 'deploy/edge/Caddyfile')
    const caddy = await startBoundProcess(
      findProgram('caddy') ?? 'caddy',
      ['run', '--config', config, '--adapter', 'caddyfile'],
      {
        logPath: join(folder, 'caddy.log'),
        env: {
          HOME: folder,
          XDG_DATA_HOME: folder,
          XDG_CONFIG_HOME: folder,
          PUSHFN_CONSOLE_DOMAIN: new URL(world.consoleUrl).hostname,
          PUSHFN_GATEWAY: `127.0.0.1:${new URL(world.consoleUrl).port}`,
          PUSHFN_ASK_URL: `http://127.0.0.1:${askPort}/domains/ask`,
          PUSHFN_HTTP_PORT: String(httpPort),
          PUSHFN_HTTPS_PORT: String(httpsPort),
          PUSHFN_EDGE_OPTIONS: 'local_certs\nskip_install_trust',
        },
      },
    )
    const root = join(folder, 'caddy/pki/authorities/local/root.crt')
    const get: Edge['get'] = async (host, path, headers = {}) => {
      const ca = await readFile(root)
      const req = httpsRequest({
        host: '127.0.0.1',
        port: httpsPort,
        servername: host,
        path,
        ca,
        agent: false,
        headers: { ...headers, host },
      })
      req.end()
      const [res] = await once(req, 'response')
      let body = ''
      for await (const chunk of res) body += chunk
      return { status: res.statusCode ?? 0, body }
    }
    return {
      get,
      httpPort,
      [Symbol.asyncDispose]: async () => {
        await caddy.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  }

  test('serves over TLS what the cloud serves, a tenant’s own domain once it is proved, and nothing else', async () => {
    await using edge = await startEdge()
    const isUp = () =>
      edge.get('console.localhost', '/api/v1/session').then(
        ({ status }) => status === 401,
        () => false,
      )
    await until(isUp, 'the console is served over TLS')

    const domain = 'shop.example.com'
    await expect(edge.get(domain, '/')).rejects.toThrow()
    const { record } = (await api(ada, 'POST', 'domains', { domain, function: 'secret' })).body
    await expect(edge.get(domain, '/')).rejects.toThrow()
    dns.records.set(record.name, [record.value])
    expect((await api(ada, 'POST', `domains/${domain}/verify`)).status).toBe(200)
    await until(async () => (await edge.get(domain, '/')).status === 401, 'the private function is behind its domain')

    await api(ada, 'POST', 'domains', { domain })
    await until(async () => (await edge.get(domain, '/nothing')).status === 404, 'the domain leads to all functions')
    const forged = { 'x-forwarded-proto': 'gopher', 'x-forwarded-host': 'evil.example' }
    const answer = await edge.get(domain, '/secret', { ...bearer(ada.token), ...forged })
    expect(JSON.parse(answer.body)).toMatchObject({
      host: domain,
      'x-forwarded-host': domain,
      'x-forwarded-proto': 'https',
    })
    expect((await edge.get(`${eve.slug}.fn.localhost`, '/secret')).status).toBe(401)
    for (const host of ['nobody.fn.localhost', 'other.example.com', `1a2b3c4d--${eve.slug}.fn.localhost`]) {
      await expect(edge.get(host, '/')).rejects.toThrow()
    }

    const plain = httpRequest({ host: '127.0.0.1', port: edge.httpPort, path: '/x', headers: { host: domain } })
    plain.end()
    const [res] = await once(plain, 'response')
    res.resume()
    expect([res.statusCode, res.headers.location]).toEqual([
      308,
      expect.stringMatching(/^https:\/\/shop\.example\.com/),
    ])
  })
})
