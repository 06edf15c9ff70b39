import { randomBytes } from 'node:crypto'
import { chown, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { createDockerEngine, type DockerEngineOptions } from '@pushfn/engine/docker/docker-engine'
import { runIptables } from '@pushfn/engine/docker/iptables'
import { bridgeName, bridgePrefix, containerName, networkName } from '@pushfn/engine/docker/names'
import { removeCloud } from '@pushfn/engine/docker/remove-cloud'
import type { Engine, Replica } from '@pushfn/engine/engine'
import Dockerode from 'dockerode'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeImage, dockerUnderTest, POOL, SOCKET } from './docker-under-test.ts'
import { engineConformance } from './engine.conformance.ts'
import { addressOf, until, watching } from './harness.ts'
import { listening } from './listening.ts'
import { answers, connects, DEFAULT_GATEWAY, inside } from './probe.ts'
import { aWorkload, someSecrets, type Wanted } from './workload.ts'

engineConformance('docker', dockerUnderTest)

describe('what only Docker has', () => {
  const docker = new Dockerode({ socketPath: SOCKET })
  const iptables = runIptables()
  const clouds: string[] = []
  let image: string

  beforeAll(async () => {
    image = await codeImage(docker, { 'pushfn.test': 'docker' })
  })
  afterAll(async () => {
    for (const cloud of clouds) await removeCloud({ docker, cloud })
    await docker.getImage(image).remove({ force: true })
  })

  /** A cloud of its own, taken away after the tests. */
  const aCloud = (options: Partial<DockerEngineOptions> = {}) => {
    const cloud = `test-${randomBytes(4).toString('hex')}`
    clouds.push(cloud)
    const engine = createDockerEngine({ docker, networkPool: POOL, ...options, cloud })
    const started = (wanted: Wanted = {}) => engine.start(aWorkload({ image, ...wanted }), 0)
    const serving = async (wanted: Wanted = {}) => {
      const replica = await started(wanted)
      await answers(addressOf(replica))
      return { replica, address: addressOf(replica) }
    }
    return { cloud, engine, started, serving }
  }
  /** What names the cloud's interfaces or chains, sorted: the rest of the host's rules changes while others work on it. */
  const rulesOf = async (cloud: string, program = 'iptables') => {
    const lines = (await iptables(program, ['-w', '10', '-S'])).split('\n')
    return lines.filter((line) => line.includes(bridgePrefix(cloud))).toSorted()
  }
  const ended = (engine: Engine, { id }: Replica) =>
    until(async () => ((await engine.inspect(id))?.state === 'stopped' ? true : undefined))

  describe('containers', () => {
    test('bear the name and the labels of the design, OpenFaaS’s labels, and nobody’s orders to others', async () => {
      const { cloud, started } = aCloud()
      const labels = {
        'com.openfaas.scale.min': '2',
        'pushfn.cloud/tenant': 'mallory',
        'traefik.enable': 'true',
        'com.docker.compose.project': 'control-plane',
      }
      const replica = await started({ spec: { labels } })
      const { Name, Config } = await docker.getContainer(replica.id).inspect()
      expect(Name).toBe(`/${cloud}.alice.hello.r1.0`)
      const inherited = (await docker.getImage(image).inspect()).Config.Labels
      const own = Object.fromEntries(Object.entries(Config.Labels).filter(([key]) => !(key in inherited)))
      expect(own).toEqual({
        'com.openfaas.scale.min': '2',
        'pushfn.cloud/managed': cloud,
        'pushfn.cloud/tenant': 'alice',
        'pushfn.cloud/function': 'hello',
        'pushfn.cloud/alias': 'live',
        'pushfn.cloud/revision': 'r1',
        'pushfn.cloud/build': 'b1',
        'pushfn.cloud/generation': '7',
        'pushfn.cloud/ordinal': '0',
        'pushfn.cloud/secrets': '',
      })
    })

    test('publish no port, mount nothing of the host, and are not restarted by Docker', async () => {
      const { Config, HostConfig, Mounts } = await docker.getContainer((await aCloud().started()).id).inspect()
      expect(HostConfig.PortBindings ?? {}).toEqual({})
      expect(HostConfig.PublishAllPorts).toBe(false)
      expect(HostConfig.Privileged).toBe(false)
      expect(HostConfig.RestartPolicy?.Name).toBe('no')
      expect([HostConfig.PidMode, HostConfig.UTSMode, HostConfig.IpcMode]).toEqual(['', '', 'private'])
      expect(Mounts).toEqual([])
      expect(Config.Healthcheck?.Test).toEqual(['NONE'])
    })

    test('have their secrets in memory alone, in files that nobody else of the host gets to, until they go', async () => {
      const { cloud, engine, started, serving } = aCloud()
      const root = `/dev/shm/pushfn-secrets-${cloud}`
      const { replica } = await serving({ secrets: someSecrets('a1', 'hunter2') })
      const about = JSON.stringify(await docker.getContainer(replica.id).inspect())
      expect(about).toContain(`${root}/${cloud}.alice.hello.r1.0.a1`)
      for (const text of ['hunter2', Buffer.from('hunter2').toString('base64')]) expect(about).not.toContain(text)
      expect((await stat(root)).mode & 0o777).toBe(0o700)
      expect((await statfs(root)).type).toBe(0x01021994)
      await engine.remove(replica.id, 0)
      expect(await readdir(root)).toEqual([])

      // What died on its way, and what somebody removed by hand.
      await mkdir(`${root}/.${cloud}.alice.hello.r1.7.a1`)
      const other = await started({ revision: 'r2', secrets: someSecrets('a2', 'hunter3') })
      const kept = await started({ revision: 'r3', secrets: someSecrets('a3', 'hunter4') })
      await docker.getContainer(other.id).remove({ force: true })
      expect((await readdir(root)).length).toBe(3)
      expect((await engine.list()).map(({ id, secrets }) => [id, secrets])).toEqual([[kept.id, 'a3']])
      expect(await readdir(root)).toEqual([`${cloud}.alice.hello.r3.0.a3`])
      await removeCloud({ docker, cloud })
      await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    test('of which secrets would be on a disk, or in somebody else’s folder, do not start', async () => {
      const onDisk = aCloud({ secretsDir: '/var/tmp' })
      const secrets = someSecrets('a1', 'hunter2')
      await expect(onDisk.started({ secrets })).rejects.toThrow('/var/tmp is no tmpfs')
      const { cloud, started } = aCloud()
      const root = `/dev/shm/pushfn-secrets-${cloud}`
      await mkdir(root)
      await chown(root, 10001, 10001)
      await expect(started({ secrets })).rejects.toThrow('is somebody else’s')
      await rm(root, { recursive: true })
    })

    test('write no more log than their share of the disk', async () => {
      const { engine, started } = aCloud()
      const code =
        "const line = 'x'.repeat(1000) + '\\n'; for (let n = 0; n < 40_000; n++) require('fs').writeSync(1, line)"
      const replica = await started({ code, spec: { cpuMillis: 1000 } })
      await ended(engine, replica)
      const { DockerRootDir } = await docker.info()
      const folder = `${DockerRootDir}/containers/${replica.id}/local-logs`
      const sizes = await Promise.all(
        (await readdir(folder)).map(async (name) => (await stat(`${folder}/${name}`)).size),
      )
      const total = sizes.reduce((sum, size) => sum + size, 0)
      expect(total).toBeGreaterThan(1_000_000)
      expect(total).toBeLessThanOrEqual(10 * 1024 * 1024 * 1.1)
      expect(await engine.logTail(replica.id, 3)).toHaveLength(3)
    })

    test('go with the volumes their image asked for', async () => {
      const { engine } = aCloud()
      const made = await docker.createContainer({ Image: image, Labels: { 'pushfn.test': 'docker' } })
      const { Id } = await made.commit({ changes: ['VOLUME /data'] })
      await made.remove()
      const replica = await engine.start(aWorkload({ image: Id }), 0)
      const { Mounts } = await docker.getContainer(replica.id).inspect()
      const volume = Mounts[0]?.Name ?? ''
      expect(volume).not.toBe('')
      await engine.remove(replica.id, 0)
      await expect(docker.getVolume(volume).inspect()).rejects.toMatchObject({ statusCode: 404 })
      await docker.getImage(Id).remove()
    })

    test('are taken up where a crash left them: created and not started', async () => {
      const { cloud, engine, started } = aCloud()
      const first = await started()
      const { Config } = await docker.getContainer(first.id).inspect()
      await engine.remove(first.id, 0)
      const name = containerName(cloud, { tenant: 'alice', function: 'hello', alias: 'live', revision: 'r1' }, 0)
      const HostConfig = { NetworkMode: networkName(cloud, 'alice') }
      const left = await docker.createContainer({
        name,
        Image: image,
        Labels: Config.Labels,
        Env: Config.Env,
        HostConfig,
      })
      expect(await engine.list()).toMatchObject([{ id: left.id, state: 'stopped' }])
      const replica = await started()
      expect(replica).toMatchObject({ id: left.id, state: 'running' })
      expect(await answers(addressOf(replica))).toBe('ok')
    })

    test('that only inherit our labels, from an image that a tenant wrote, are not taken for replicas', async () => {
      const { engine, started } = aCloud()
      const { Labels } = (await docker.getContainer((await started()).id).inspect()).Config
      const forged = { ...Labels, 'pushfn.cloud/tenant': 'victim', 'pushfn.test': 'docker' }
      const events = watching(engine)
      const foreign = await docker.createContainer({
        Image: image,
        Labels: forged,
        Env: ['CODE=setInterval(() => {}, 1e3)'],
      })
      await foreign.start()
      await engine.remove(foreign.id, 0)
      expect((await engine.list()).map(({ tenant }) => tenant)).toEqual(['alice'])
      expect((await foreign.inspect()).State.Running).toBe(true)
      await foreign.remove({ force: true })
      await started({ function: 'last' })
      await until(async () => events.seen.find((event) => event.function === 'last'))
      expect(events.seen.map(({ tenant }) => tenant)).not.toContain('victim')
      await events.stop()
    })

    test('of our name that are not ours are told of and left alone', async () => {
      const { cloud, engine, started } = aCloud()
      const name = `${cloud}.alice.hello.r1.0`
      const foreign = await docker.createContainer({ name, Image: image, Labels: { 'pushfn.test': 'docker' } })
      await expect(started()).rejects.toMatchObject({ code: 'ENGINE_FAILED', message: expect.stringContaining(name) })
      await engine.removeNamespace('alice')
      expect((await foreign.inspect()).Name).toBe(`/${name}`)
      await foreign.remove()
    })
  })

  describe('networks', () => {
    test('are small, apart, without IPv6, on an interface of the cloud’s', async () => {
      const { cloud, engine } = aCloud()
      await Promise.all(['alice', 'bob'].map((tenant) => engine.ensureNamespace(tenant)))
      const [alice, bob] = await Promise.all(
        ['alice', 'bob'].map((tenant) => docker.getNetwork(networkName(cloud, tenant)).inspect()),
      )
      expect(alice?.IPAM?.Config?.[0]?.Subnet).toMatch(/^10\.211\.\d+\.\d+\/22$/)
      expect(alice?.IPAM?.Config?.[0]?.Subnet).not.toBe(bob?.IPAM?.Config?.[0]?.Subnet)
      expect(alice?.EnableIPv6).toBe(false)
      expect(alice?.Options).toMatchObject({
        'com.docker.network.bridge.name': bridgeName(cloud, 'alice'),
        'com.docker.network.bridge.enable_icc': 'false',
      })
    })

    test('that two processes make at once are one', async () => {
      const { cloud, engine } = aCloud()
      const other = createDockerEngine({ docker: SOCKET, cloud, networkPool: POOL })
      await Promise.all([engine, other].flatMap((on) => ['alice', 'bob', 'carol'].map((t) => on.ensureNamespace(t))))
      const filters = { label: [`pushfn.cloud/managed=${cloud}`] }
      const names = (await docker.listNetworks({ filters })).map(({ Name }) => Name)
      expect(names.toSorted()).toEqual(['alice', 'bob', 'carol'].map((tenant) => networkName(cloud, tenant)))
    })

    test('that somebody pruned come back with the next start', async () => {
      const { cloud, engine, started, serving } = aCloud()
      await engine.remove((await started()).id, 0)
      await docker.getNetwork(networkName(cloud, 'alice')).remove()
      expect(await answers((await serving()).address)).toBe('ok')
    })

    test('end with the pool, in one clear sentence', async () => {
      const { engine } = aCloud({ networkPool: '10.212.0.0/28', subnetBits: 29 })
      await Promise.all(['alice', 'bob'].map((tenant) => engine.ensureNamespace(tenant)))
      await expect(engine.ensureNamespace('carol')).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
        message: 'the network pool 10.212.0.0/28 has no free /29 left for another tenant',
      })
      await engine.removeNamespace('alice')
      await engine.ensureNamespace('carol')
    })
  })

  describe('the firewall', () => {
    test('restores what a flush took, in its own place, and leaves the neighbour’s rules as they are', async () => {
      const one = aCloud()
      const two = aCloud()
      await Promise.all([one.engine.ping(), two.engine.ping()])
      const before = [await rulesOf(one.cloud), await rulesOf(two.cloud)]
      for (const line of (await rulesOf(one.cloud)).filter((rule) => /^-A (INPUT|DOCKER-USER) /.test(rule))) {
        await iptables('iptables', ['-w', '10', '-D', ...line.split(' ').slice(1)])
      }
      await iptables('iptables', ['-w', '10', '-F', `PUSHFN-${bridgePrefix(one.cloud)}-HOST`])
      expect((await rulesOf(one.cloud)).length).toBeLessThan(before[0]?.length ?? 0)
      await one.engine.ping()
      expect([await rulesOf(one.cloud), await rulesOf(two.cloud)]).toEqual(before)
    })

    test('is written once, however often it is asked for', async () => {
      const { cloud, engine } = aCloud()
      await engine.ping()
      const before = await rulesOf(cloud)
      await Promise.all([engine.ping(), engine.ping(), engine.ensureNamespace('alice')])
      expect((await rulesOf(cloud)).filter((rule) => rule.includes('PUSHFN'))).toEqual(before)
    })

    test('goes with its cloud, and takes nothing of another’s with it', async () => {
      const [leaver, stayer] = [aCloud(), aCloud()]
      await Promise.all([leaver.engine.ensureNamespace('alice'), stayer.engine.ensureNamespace('alice')])
      const before = [await rulesOf(stayer.cloud), await rulesOf(stayer.cloud, 'ip6tables')]
      expect(before.every((lines) => lines.length > 2)).toBe(true)
      await removeCloud({ docker, cloud: leaver.cloud })
      expect([await rulesOf(leaver.cloud), await rulesOf(leaver.cloud, 'ip6tables')]).toEqual([[], []])
      expect([await rulesOf(stayer.cloud), await rulesOf(stayer.cloud, 'ip6tables')]).toEqual(before)
    })

    test('lets functions call the host’s ports that the operator opens, and no other', async () => {
      await using open = await listening()
      await using shut = await listening()
      const { address } = await aCloud({ hostPorts: [open.port] }).serving()
      const gateway = String(await inside(address, DEFAULT_GATEWAY))
      expect(await connects(address, gateway, open.port)).toBe('open')
      expect(await connects(address, gateway, shut.port)).not.toBe('open')
    })

    test('shuts the internet where the operator says so, and the gateway still gets its answers', async () => {
      const { address } = await aCloud({ egress: 'none' }).serving()
      expect(await connects(address, '1.1.1.1', 443)).toMatch(/^E(HOSTUNREACH|ACCES)$/)
      const asked = `
        const resolver = new (require('node:dns').promises.Resolver)({ timeout: 500, tries: 1 })
        return resolver.resolve4('deb.debian.org').then(() => 'ok', ({ code }) => code)`
      expect(await inside(address, asked)).toMatch(/^(ETIMEOUT|ESERVFAIL|ECONNREFUSED)$/)
    })

    test('that may not be set up is one clear error, and no function starts without it', async () => {
      const { engine, started } = aCloud({ iptablesPrefix: ['/nonexistent/nsenter'] })
      const fault = { code: 'ENGINE_FAILED', message: expect.stringContaining('cannot keep tenants apart') }
      await expect(engine.ping()).rejects.toMatchObject(fault)
      await expect(engine.ensureNamespace('alice')).rejects.toMatchObject(fault)
      await expect(started()).rejects.toMatchObject(fault)
      expect(await engine.list()).toEqual([])
      const { engine: open } = aCloud({ iptablesPrefix: ['/nonexistent/nsenter'], isolate: false })
      expect(await open.ping()).toMatch(/\d/)
    })
  })

  test.each([
    [{ cloud: 'a.b' }, /a\.b/],
    [{ cloud: '' }, /""/],
    [{ networkPool: 'fd00::/64' }, /fd00/],
    [{ subnetBits: 30 }, /30/],
    [{ subnetBits: 8 }, /8/],
  ])('options that make no sense are refused at once: %j', (options, named) => {
    expect(() => createDockerEngine({ docker, ...options })).toThrow(named)
  })

  test('a Docker that is not there is one clear error', async () => {
    const engine = createDockerEngine({ docker: '/nonexistent/docker.sock', cloud: 'nowhere' })
    const fault = { code: 'ENGINE_FAILED', message: expect.stringContaining('/nonexistent/docker.sock') }
    await expect(engine.ping()).rejects.toMatchObject(fault)
    await expect(engine.list()).rejects.toMatchObject(fault)
    const events = engine.watch(AbortSignal.timeout(5000))[Symbol.asyncIterator]()
    await expect(events.next()).rejects.toMatchObject(fault)
  })
})
