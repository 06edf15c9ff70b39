import { createDockerEngine } from '@pushfn/engine/docker/docker-engine'
import { runIptables } from '@pushfn/engine/docker/iptables'
import Dockerode from 'dockerode'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BASE, SOCKET } from './docker-under-test.ts'
import { watching } from './harness.ts'
import { type OwnDockerd, ownDockerd } from './own-dockerd.ts'
import { RUNNER } from './probe.ts'
import { aWorkload } from './workload.ts'

let dockerd: OwnDockerd
let image: string

beforeAll(async () => {
  dockerd = await ownDockerd()
  await dockerd.start()
  const [, id] = /"Loaded image: ([^"\\]+)/.exec(await carry(BASE, dockerd.docker)) ?? []
  const container = await dockerd.docker.createContainer({ Image: id ?? BASE, Cmd: ['node', '-e', RUNNER] })
  image = String((await container.commit({ changes: ['USER 10001'] })).Id)
})
afterAll(() => dockerd?.dispose())

test('after a restart of dockerd and a flush of its rules, the rules and the replicas come back', async () => {
  const engine = createDockerEngine({ docker: dockerd.socket, cloud: 'restarted', iptablesPrefix: dockerd.prefix })
  const iptables = runIptables(dockerd.prefix)
  const rules = async () => {
    const lines = (await iptables('iptables', ['-w', '10', '-S'])).split('\n')
    return lines.filter((line) => line.includes('PUSHFN')).toSorted()
  }
  const workload = aWorkload({ image })
  const before = await engine.start(workload, 0)
  const wanted = await rules()
  expect(wanted.length).toBeGreaterThan(10)

  const events = watching(engine)
  await dockerd.stop()
  await expect(events.done, 'watching ends when the engine does').resolves.toBeUndefined()
  await expect(engine.list()).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
  await expect(engine.start(workload, 1)).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
  await iptables('iptables', ['-w', '10', '-F'])
  await dockerd.start()

  await engine.ping()
  expect(await rules()).toEqual(wanted)
  expect(await engine.list()).toMatchObject([{ id: before.id, state: 'stopped' }])
  const after = await engine.start(workload, 0)
  expect(after).toMatchObject({
    id: before.id,
    state: 'running',
    address: expect.stringMatching(/^10\.2(0[89]|1\d|2[0-3])\./),
  })
})

/** Loads the image of this machine's Docker into the other one; what that says of it. */
const carry = async (name: string, to: Dockerode): Promise<string> => {
  const from = new Dockerode({ socketPath: SOCKET })
  const loaded = await to.loadImage(await from.getImage(name).get())
  let said = ''
  for await (const chunk of loaded) said += chunk.toString()
  return said
}
