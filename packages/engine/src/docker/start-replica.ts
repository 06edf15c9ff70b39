import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@pushfn/model/errors'
import type Dockerode from 'dockerode'
import type { Replica, Workload } from '../engine.ts'
import { type ContainerPolicy, containerOptions } from './container-options.ts'
import { accepting, engineFailure, reasonOf, statusOf, within } from './failure.ts'
import { containerName, identityOf } from './names.ts'
import type { Namespaces } from './namespaces.ts'
import { isImageMissing, pullImage, type RegistryLogin } from './pull-image.ts'
import { replicaFromInspect } from './replica.ts'

export interface StartContext extends ContainerPolicy {
  docker: Dockerode
  namespaces: Namespaces
  registryLogin?: RegistryLogin
}

const LIMIT_MS = 60_000
const TRIES = 50
const CONFLICT = 409
const GONE = 404
const NOT_MODIFIED = 304

/** Three calls to Docker and no more, when all is there: create, start, and one look for the address. */
export const startReplica = async (
  context: StartContext,
  workload: Workload,
  ordinal: number,
  signal?: AbortSignal,
): Promise<Replica> => {
  const { cloud, namespaces, secretFiles } = context
  const name = containerName(cloud, workload, ordinal)
  try {
    await namespaces.ensureOnce(workload.tenant, signal)
    using _ = workload.secrets && secretFiles.begin(name, workload.secrets.key)
    if (workload.secrets) await secretFiles.ensure(name, workload.secrets, signal)
    try {
      return await createAndStart(context, workload, ordinal, signal)
    } catch (error) {
      if (isNetworkGone(error)) await namespaces.ensure(workload.tenant, signal)
      else if (isImageMissing(workload.image, error)) await pullImage(context, workload.image, signal)
      else throw error
      return await createAndStart(context, workload, ordinal, signal)
    }
  } catch (error) {
    throw imageFault(workload, error) ?? engineFailure(`start ${name}`, error, signal)
  }
}

const createAndStart = async (context: StartContext, workload: Workload, ordinal: number, signal?: AbortSignal) => {
  const { docker, cloud } = context
  const abortSignal = within(LIMIT_MS, signal)
  const found = await createOrFind(context, workload, ordinal, abortSignal)
  if (typeof found !== 'string') return found
  const container = docker.getContainer(found)
  try {
    await accepting([NOT_MODIFIED], container.start({ abortSignal }))
  } catch (error) {
    await container.remove({ v: true, abortSignal: within(LIMIT_MS) }).catch(() => undefined)
    throw error
  }
  const replica = replicaFromInspect(cloud, await container.inspect({ abortSignal }))
  if (!replica) throw new Error('it was removed while it started')
  return replica
}

/** The id of a container that is to be started, or the replica when there is one that runs or is paused. */
const createOrFind = async (
  context: StartContext,
  workload: Workload,
  ordinal: number,
  abortSignal: AbortSignal,
): Promise<string | Replica> => {
  const { docker, cloud } = context
  const name = containerName(cloud, workload, ordinal)
  for (let attempt = 1; ; attempt++) {
    try {
      return (await docker.createContainer({ ...containerOptions(context, workload, ordinal), abortSignal })).id
    } catch (error) {
      if (statusOf(error) !== CONFLICT || attempt === TRIES) throw error
    }
    const info = await accepting([GONE], docker.getContainer(name).inspect({ abortSignal }))
    if (!info) continue
    if (!identityOf(cloud, info.Name, info.Config.Labels)) {
      throw new AppError('ENGINE_FAILED', `a container named ${name} exists that is not this cloud's`)
    }
    const replica = replicaFromInspect(cloud, info)
    const isAsWanted = replica?.state !== 'stopped' || replica.secrets === workload.secrets?.key
    if (replica && info.State.Status !== 'dead' && isAsWanted) return replica.state === 'stopped' ? replica.id : replica
    /** It is being removed, its removal got stuck, or it has other secrets: help it along, and take its name when it is gone. */
    await docker
      .getContainer(info.Id)
      .remove({ force: true, v: true, abortSignal })
      .catch(() => undefined)
    await sleep(100, undefined, { signal: abortSignal })
  }
}

/** The network was removed behind our back, as a pruning operator does. */
const isNetworkGone = (error: unknown): boolean =>
  statusOf(error) === GONE && /network \S+ not found/i.test(reasonOf(error))

/** What only the tenant can mend: an image that names no command, or a user or program it does not have. */
const imageFault = (workload: Workload, error: unknown): AppError | undefined => {
  const reason = reasonOf(error)
  const fault = /no command specified|unable to find (?:user|group) [^:]*|exec: .*|chdir to cwd [^:]*: .*/i.exec(reason)
  if (statusOf(error) === undefined || !fault) return undefined
  return new AppError('NOT_READY', `docker: the image of ${workload.function} cannot be started: ${reason}`, {
    cause: error,
    function: workload.function,
    hint: `the image of ${workload.function} cannot be started: ${fault[0].slice(0, 300)}`,
  })
}
