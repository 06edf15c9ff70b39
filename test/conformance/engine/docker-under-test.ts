import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createDockerEngine } from '@pushfn/engine/docker/docker-engine'
import { removeCloud } from '@pushfn/engine/docker/remove-cloud'
import Dockerode from 'dockerode'
import type { EngineUnderTest } from './harness.ts'
import { PROBE_SERVER, RUNNER } from './probe.ts'

export const SOCKET = process.env.DOCKER_SOCKET ?? '/var/run/docker.sock'
export const BASE = process.env.PUSHFN_BASE_IMAGE ?? 'pushfn/base:latest'
/** Apart from what a cloud on this machine uses; both test clouds share it. */
export const POOL = '10.211.0.0/16'

/** Two clouds of their own on this machine's Docker. */
export const dockerUnderTest = async (): Promise<EngineUnderTest> => {
  const docker = new Dockerode({ socketPath: SOCKET })
  const run = randomBytes(3).toString('hex')
  const clouds = [`test-${run}-a`, `test-${run}-b`] as const
  const labels = { 'pushfn.test': run }
  const image = await codeImage(docker, labels)
  const brokenImage = await emptyImage(docker)
  return {
    engine: createDockerEngine({ docker, cloud: clouds[0], networkPool: POOL }),
    neighbour: createDockerEngine({ docker: SOCKET, cloud: clouds[1], networkPool: POOL }),
    image,
    brokenImage,
    imageOfCloud: (whose) =>
      codeImage(docker, { ...labels, 'pushfn.cloud/managed': whose === 'ours' ? clouds[0] : clouds[1] }),
    crash: (id) => docker.getContainer(id).kill(),
    startForeign: async () => {
      const container = await docker.createContainer({ Image: image, Labels: labels, Env: [`CODE=${PROBE_SERVER}`] })
      await container.start()
      return { id: container.id, ip: (await container.inspect()).NetworkSettings.Networks.bridge?.IPAddress ?? '' }
    },
    isForeignRunning: async (id) => (await docker.getContainer(id).inspect()).State.Running,
    dispose: async () => {
      for (const cloud of clouds) await removeCloud({ docker, cloud })
      const filters = { label: [`pushfn.test=${run}`] }
      for (const { Id } of await docker.listContainers({ all: true, filters })) {
        await docker.getContainer(Id).remove({ force: true, v: true })
      }
      for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove({ force: true })
      await docker.getImage(brokenImage).remove({ force: true })
    },
  }
}

/** The base image with the command that runs a test's code; a commit takes a tenth of a build's time. */
export const codeImage = async (docker: Dockerode, labels: Record<string, string>): Promise<string> => {
  await docker
    .getImage(BASE)
    .inspect()
    .catch((cause: unknown) => {
      throw new Error(`the tests need the image ${BASE}; npm test makes it`, { cause })
    })
  const container = await docker.createContainer({ Image: BASE, Cmd: ['node', '-e', RUNNER], Labels: labels })
  const { Id } = await container.commit({ changes: ['USER 10001'] })
  await container.remove()
  return String(Id)
}

/** An image without files and without a command: what an empty tar, two blocks of zeros, is imported as. */
const emptyImage = async (docker: Dockerode): Promise<string> => {
  const answer = await docker.importImage(Readable.from([Buffer.alloc(1024)]))
  const said = await text(answer)
  const id = /sha256:[0-9a-f]{64}/.exec(said)?.[0]
  if (id === undefined) throw new Error(`no image was imported: ${said}`)
  return id
}
