import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listening } from '../conformance/engine/listening.ts'
import { DEFAULT_GATEWAY } from '../conformance/engine/probe.ts'
import { localFetch } from '../support/local-fetch.ts'
import { testServers } from '../support/servers.ts'
import { startWorld, type World } from '../support/world.ts'
import { aProbe, opens, type Probe } from './isolation-stage.ts'

/** Two tenants' functions, pushed by git, look for one another, for the host, and for what the cloud keeps to itself. */
let world: World
let mine: Probe
let other: Probe
const secret = randomBytes(32).toString('hex')

beforeAll(async () => {
  // On every address, so that nothing but the firewall keeps a function off.
  world = await startWorld({
    env: { PUSHFN_SECRET: secret, API_HOST: '0.0.0.0', GATEWAY_HOST: '0.0.0.0', HEALTH_HOST: '0.0.0.0' },
  })
  mine = await aProbe(world)
  other = await aProbe(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const at = (host: string, ports: readonly number[]) => ports.map((port) => ({ host, port }))

/** From here, on the host. */
const answers = async (host: string, port: number): Promise<boolean> => {
  const socket = connect({ host, port, timeout: 1_500 })
  const outcome = await Promise.race([
    once(socket, 'connect').then(
      () => true,
      () => false,
    ),
    once(socket, 'timeout').then(
      () => false,
      () => false,
    ),
  ])
  socket.destroy()
  return outcome
}

const portOf = (url: string): number => Number(new URL(url).port)

const portsOfTheCloud = (): number[] => [
  portOf(world.github.webhooks.settings.url),
  portOf(world.consoleUrl),
  portOf(world.databaseUrl),
  portOf(testServers().redisUrl),
  portOf(world.github.url),
]

describe('what a function reaches', () => {
  test('is itself', async () => {
    expect(await opens(mine, [...at('127.0.0.1', [8080]), ...at(mine.ip, [8080])])).toEqual([
      '127.0.0.1:8080',
      `${mine.ip}:8080`,
    ])
  })

  test('is no port of another tenant’s function, which the host does reach', async () => {
    expect(await answers(other.ip, 8080)).toBe(true)
    const sampled = Array.from({ length: 270 }, (_, n) => 1 + n * 37)
    expect(await opens(mine, at(other.ip, [8080, 80, 443, 8081, 8082, 22, ...sampled]))).toEqual([])
    expect(await opens(other, at(mine.ip, [8080]))).toEqual([])
  })

  test('is nobody in the networks of the cloud’s tenants', async () => {
    const net = mine.ip.split('.').slice(0, 2).join('.')
    const neighbours = Array.from({ length: 64 }, (_, n) => `${net}.0.${n * 4 + 1}`)
    const near = Array.from({ length: 62 }, (_, n) => `${mine.ip.split('.').slice(0, 3).join('.')}.${n + 1}`)
    const targets = [...new Set([...neighbours, ...near])].filter((host) => host !== mine.ip)
    expect(
      await opens(
        mine,
        targets.flatMap((host) => at(host, [8080, 80])),
      ),
    ).toEqual([])
  })

  test('is no port of the host’s, on none of its addresses, whatever listens there', async () => {
    await using server = await listening()
    const gateway = String(await mine.inside(DEFAULT_GATEWAY))
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address)
    const hosts = [...new Set([...addresses, gateway])]
    expect(hosts.length).toBeGreaterThan(2)
    const ports = [server.port, ...portsOfTheCloud(), 22, 53, 2375, 2376, 2377, 5432, 6379, 9323]
    for (const host of hosts) expect(await answers(host, server.port), host).toBe(true)
    expect(
      await opens(
        mine,
        hosts.flatMap((host) => at(host, ports)),
      ),
    ).toEqual([])
  })

  test('is neither the metadata service nor a private network', async () => {
    const hosts = [
      '169.254.169.254',
      '10.0.0.1',
      '10.255.255.1',
      '100.100.100.200',
      '172.16.0.1',
      '172.17.0.2',
      '192.168.0.1',
    ]
    expect(
      await opens(
        mine,
        hosts.flatMap((host) => at(host, [80, 443, 8080])),
      ),
    ).toEqual([])
  })

  test('is no name of another tenant’s container', async () => {
    const looks = (name: string) =>
      mine.inside(
        `return require('node:dns/promises').lookup(${JSON.stringify(name)}).then(({ address }) => address, ({ code }) => code)`,
      )
    expect(await looks(other.container)).toMatch(/^E/)
    expect(await looks('probe')).toMatch(/^E/)
    expect(await looks(mine.container)).toBe(mine.ip)
  })
})

describe('what a function may do', () => {
  test('is as little as its sandbox says', async () => {
    const seen = Object(await mine.inside('return lookAround(require)'))
    process.stdout.write(`inside a function: ${JSON.stringify(seen)}\n`)
    expect(seen).toMatchObject({
      capEff: '0000000000000000',
      capPrm: '0000000000000000',
      capBnd: '0000000000000000',
      noNewPrivs: '1',
      seccomp: '2',
      uid: 10001,
      isRootReadOnly: true,
      writeRoot: 'EROFS',
      isSysReadOnly: true,
      isProcSysReadOnly: true,
      isCgroupReadOnly: true,
      engineSockets: [],
      devices: [],
      memoryBytes: 128 * 1024 ** 2,
      swapBytes: 0,
      cpuQuota: 1,
      oomScoreAdj: 500,
      rawSocket: 'PermissionError',
      mount: 'PermissionError',
      unshare: 'PermissionError',
      becomeRoot: 'PermissionError',
    })
    expect(seen.pidsMax).toBeLessThanOrEqual(130)
    expect(seen.processCount).toBeLessThan(6)
  })
})

describe('what the cloud keeps to itself', () => {
  const KEY_END = 'PRIVATE KEY-----'
  /** Each is a text that must be nowhere: whole secrets, and what every secret of a kind holds. */
  const secrets = (): Record<string, string> => ({
    'the cloud’s secret': secret,
    'the database’s URL': world.databaseUrl,
    'the database’s password': decodeURIComponent(new URL(world.databaseUrl).password),
    'Redis’s URL': testServers().redisUrl,
    'the operators’ token': world.operatorToken,
    'the webhooks’ secret': world.github.webhooks.settings.secret,
    'the tenant’s own token': mine.tenant.token,
    'another tenant’s token': other.tenant.token,
    'a checkout’s ticket': 'pfc.',
    'a private key': KEY_END,
  })
  const named = (text: string, but: readonly string[] = []): string[] =>
    Object.entries(secrets()).flatMap(([name, value]) =>
      value !== '' && !but.includes(name) && text.includes(value) ? [name] : [],
    )

  test('is in no variable of a function', async () => {
    const environ = String(
      await mine.inside(`
      const fs = require('node:fs')
      return fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => {
        try { return fs.readFileSync('/proc/' + pid + '/environ', 'utf8') + fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8') } catch { return '' }
      }).join('\\n').replaceAll('\\0', '\\n')`),
    )
    expect(environ).toContain('GREETING=hello')
    expect(named(environ)).toEqual([])
    const names = environ.split('\n').flatMap((line) => (line.includes('=') ? [line.split('=')[0]] : []))
    expect(names.filter((name) => /PUSHFN|DATABASE|REDIS|TOKEN|SECRET|PASSWORD|DOCKER|KEY/i.test(name ?? ''))).toEqual(
      [],
    )
  })

  test('is in no file of a function, whether its user may read it or not', async () => {
    // Whole secrets only: a few letters are somewhere in so many bytes by chance.
    const wanted = Object.entries(secrets()).filter(([, value]) => value.length > 15 && value !== KEY_END)
    const stream = await world.docker.getContainer(mine.container).export()
    const found = new Set<string>()
    let tail = Buffer.alloc(0)
    let bytes = 0
    for await (const chunk of stream) {
      const window = Buffer.concat([tail, Buffer.from(chunk)])
      for (const [name, value] of wanted) if (window.includes(value)) found.add(name)
      tail = window.subarray(Math.max(0, window.length - 256))
      bytes += chunk.length
    }
    expect(bytes).toBeGreaterThan(50_000_000)
    expect([...found]).toEqual([])
  })

  test('is in no history, label or setting of an image or container', async () => {
    const container = world.docker.getContainer(mine.container)
    const info = await container.inspect()
    const image = world.docker.getImage(info.Image)
    const text = JSON.stringify([info, await image.inspect(), await image.history()])
    expect(text).toContain('GREETING=hello')
    expect(named(text)).toEqual([])
  })

  test('is in no log of a function, and in none of the cloud’s own', async () => {
    const said = await world.docker.getContainer(mine.container).logs({ stdout: true, stderr: true })
    expect(named(said.toString())).toEqual([])
    for (const app of ['api', 'builder', 'controller', 'gateway'] as const) {
      const log = await world.logOf(app)
      expect(log.length).toBeGreaterThan(0)
      expect(named(log), app).toEqual([])
    }
  })

  test('is in no log of a build, and another tenant gets none of it', async () => {
    const get = (path: string, token: string) =>
      localFetch(`${world.consoleUrl}/api/v1/tenants/${mine.tenant.slug}/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      })
    const { items } = Object(await (await get('builds', mine.tenant.token)).json())
    const log = await get(`builds/${items[0].id}/log`, mine.tenant.token)
    const text = await log.text()
    expect(log.status).toBe(200)
    expect(text.length).toBeGreaterThan(0)
    expect(named(text)).toEqual([])
    for (const path of ['builds', `builds/${items[0].id}`, `builds/${items[0].id}/log`, 'functions']) {
      expect((await get(path, other.tenant.token)).status, path).toBe(404)
    }
  })
})
