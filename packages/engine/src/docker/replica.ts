import type { ContainerInfo, ContainerInspectInfo } from 'dockerode'
import type { Replica } from '../engine.ts'
import { identityOf, networkName } from './names.ts'

/** The port of the container contract: every function listens on it. */
const PORT = 8080

/** A replica from one line of Docker's list; undefined when it is none of this cloud's, or already on its way out. */
export const replicaFromList = (cloud: string, info: ContainerInfo): Replica | undefined =>
  replicaFrom(cloud, {
    id: info.Id,
    name: info.Names[0] ?? '',
    labels: info.Labels,
    status: info.State,
    networks: info.NetworkSettings?.Networks ?? {},
  })

/** A replica from Docker's full answer, which alone knows why it stopped. */
export const replicaFromInspect = (cloud: string, info: ContainerInspectInfo): Replica | undefined => {
  const { Status: status, ExitCode: code, OOMKilled: isOutOfMemory } = info.State
  const replica = replicaFrom(cloud, {
    id: info.Id,
    name: info.Name,
    labels: info.Config.Labels,
    status,
    networks: info.NetworkSettings.Networks,
  })
  const hasEnded = status === 'exited' || status === 'dead'
  return replica && hasEnded ? { ...replica, exit: { code, isOutOfMemory } } : replica
}

interface Seen {
  id: string
  name: string
  labels: unknown
  status: string
  networks: Readonly<Record<string, { IPAddress: string } | undefined>>
}

const replicaFrom = (cloud: string, seen: Seen): Replica | undefined => {
  const identity = identityOf(cloud, seen.name, seen.labels)
  if (!identity || seen.status === 'removing') return undefined
  const state = stateFrom(seen.status)
  const ip = seen.networks[networkName(cloud, identity.tenant)]?.IPAddress
  return { id: seen.id, ...identity, state, ...(state === 'running' && ip ? { address: `${ip}:${PORT}` } : {}) }
}

/** `created` is what a start leaves that died half-way: for the caller it is one that does not run. */
const stateFrom = (status: string): Replica['state'] => {
  if (status === 'running' || status === 'paused') return status
  return status === 'restarting' ? 'starting' : 'stopped'
}
