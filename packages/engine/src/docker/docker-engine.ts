import { AppError } from '@pushfn/model/errors'
import Dockerode from 'dockerode'
import type { Engine, Replica } from '../engine.ts'
import { watchEvents } from './events.ts'
import { engineFailure, within } from './failure.ts'
import { createFirewall, noFirewall } from './firewall.ts'
import { runIptables } from './iptables.ts'
import { readLogFrames } from './log-tail.ts'
import { BUILD_BRIDGE, bridgePrefix, containerName, LABEL, managedBy } from './names.ts'
import { createNamespaces } from './namespaces.ts'
import { ownContainer } from './own-container.ts'
import type { RegistryLogin } from './pull-image.ts'
import { readUsage } from './read-usage.ts'
import { removeImage } from './remove-image.ts'
import { removeReplica } from './remove-replica.ts'
import { replicaFromInspect, replicaFromList } from './replica.ts'
import { hostResolvers } from './resolvers.ts'
import { DEFAULT_SECRETS_DIR, secretFiles } from './secret-files.ts'
import { pauseReplica, resumeReplica, stopReplica } from './sleep-replica.ts'
import { startReplica } from './start-replica.ts'
import { parseSubnet } from './subnets.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface DockerEngineOptions {
  /** A connection, or the path of dockerd's socket. */
  docker: Dockerode | string
  /** Which cloud this is: a DNS label that everything bears as `pushfn.cloud/managed`. Default `pf`. */
  cloud?: string
  /** The IPv4 network that tenants' subnets are cut from. Default `10.208.0.0/12`; clouds on one host need not differ. */
  networkPool?: string
  /** The size of a tenant's subnet. Default 22: 1024 tenants in a /12, 1021 replicas each (a bridge has 1024 ports). */
  subnetBits?: number
  /** The OCI runtime as dockerd knows it (`runsc`, `kata`, …); dockerd's default when absent. */
  runtime?: string
  /** Who pulls images that the engine does not have (any more); nobody in particular when absent. */
  registryLogin?: RegistryLogin
  /**
   * Whether the driver keeps firewall rules that cut functions off from the host, private networks and one another.
   * Default true; false only where something else does, since bridges alone do not.
   */
  isolate?: boolean
  /** Where functions may connect to of their own accord. Default `internet`. */
  egress?: 'internet' | 'none'
  /** TCP ports of the host that functions may call, the gateway's say. Default none. */
  hostPorts?: readonly number[]
  /** Private ranges that builds may reach, a mirror of packages say. Default none: only the internet. */
  buildsMayReach?: readonly string[]
  /** What goes before `iptables` when Docker's network is not this process's: `['nsenter', '-t', '1', '-n']`. */
  iptablesPrefix?: readonly string[]
  /** A folder of a tmpfs that this process and dockerd find at the same path, for secrets. Default `/dev/shm`. */
  secretsDir?: string
}

const LIMIT_MS = 20_000
const MAX_LOG_LINES = 2_000

/**
 * Docker on one machine, 20.10 or newer. Throws BAD_REQUEST at once when an option makes no sense.
 *
 * Unlike the record it returns, the driver keeps three things in memory, all of which may be lost: which namespaces it has
 * seen, what its firewall chains looked like, and for which replicas it is making secrets.
 */
export const createDockerEngine = (options: DockerEngineOptions): Engine => {
  const { cloud, pool, subnetBits } = checked(options)
  const docker = typeof options.docker === 'string' ? new Dockerode({ socketPath: options.docker }) : options.docker
  const firewall =
    options.isolate === false
      ? noFirewall
      : createFirewall(runIptables(options.iptablesPrefix), async () => ({
          bridgePrefix: bridgePrefix(cloud),
          egress: options.egress ?? 'internet',
          resolvers: await hostResolvers(),
          hostPorts: options.hostPorts ?? [],
          builds: { bridge: BUILD_BRIDGE, mayReach: options.buildsMayReach ?? [] },
        }))
  const namespaces = createNamespaces({ docker, cloud, firewall, pool, subnetBits })
  const files = secretFiles(options.secretsDir ?? DEFAULT_SECRETS_DIR, cloud)
  const removing = { docker, cloud, secretFiles: files }
  const starting = {
    ...removing,
    namespaces,
    ...(options.runtime !== undefined && { runtime: options.runtime }),
    ...(options.registryLogin && { registryLogin: options.registryLogin }),
  }

  const list = async (labels: readonly string[], signal?: AbortSignal): Promise<Replica[]> => {
    const found = await docker.listContainers({
      all: true,
      filters: { label: [managedBy(cloud), ...labels] },
      abortSignal: within(LIMIT_MS, signal),
    })
    return found.map((info) => replicaFromList(cloud, info)).filter((replica) => replica !== undefined)
  }

  return {
    kind: 'docker',

    ping: (signal) =>
      telling('reach dockerd', signal, async () => {
        const { Version } = await unlessAborted(docker.version(), within(LIMIT_MS, signal))
        await firewall.ensureRules()
        return Version
      }),

    ensureNamespace: (tenant, signal) => namespaces.ensure(tenant, signal),

    removeNamespace: (tenant, signal) =>
      telling(`remove the namespace of tenant ${tenant}`, signal, async () => {
        namespaces.forget(tenant)
        const replicas = await list([`${LABEL}tenant=${tenant}`], signal)
        await Promise.all(replicas.map(({ id }) => removeReplica(removing, id, 0, signal)))
        await namespaces.remove(tenant, signal)
      }),

    start: (workload, ordinal, signal) => startReplica(starting, workload, ordinal, signal),

    remove: (replicaId, graceMs, signal) => removeReplica(removing, replicaId, graceMs, signal),

    pause: (replicaId, signal) => pauseReplica({ docker, cloud }, replicaId, signal),

    resume: (replicaId, signal) => resumeReplica({ docker, cloud }, replicaId, signal),

    stop: (replicaId, graceMs, signal) => stopReplica({ docker, cloud }, replicaId, graceMs, signal),

    usage: (replicaId, signal) => readUsage({ docker, cloud }, replicaId, signal),

    list: (signal) =>
      telling('list containers', signal, async () => {
        const leftovers = await files.list()
        const replicas = await list([], signal)
        await leftovers.removeBut(
          replicas.map((replica) => ({
            container: containerName(cloud, replica, replica.ordinal),
            key: replica.secrets ?? '',
          })),
        )
        return replicas
      }),

    inspect: (replicaId, signal) =>
      telling(`inspect replica ${replicaId}`, signal, async () => {
        const info = await ownContainer(docker, cloud, replicaId, signal)
        return info && replicaFromInspect(cloud, info)
      }),

    logTail: (replicaId, lines, signal) =>
      telling(`read the log of replica ${replicaId}`, signal, async () => {
        const info = await ownContainer(docker, cloud, replicaId, signal)
        if (!info) return []
        const tail = Math.min(lines, MAX_LOG_LINES)
        const abortSignal = within(LIMIT_MS, signal)
        const log = await docker.getContainer(info.Id).logs({ stdout: true, stderr: true, tail, abortSignal })
        return readLogFrames(log, tail)
      }),

    removeImage: (image, signal) => removeImage({ docker, cloud }, image, signal),

    watch: (signal) => watchEvents(docker, cloud, Date.now(), signal),
  }
}

const telling = async <T>(doing: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw engineFailure(doing, error, signal)
  }
}

/** Docker leaves 4 of a subnet's addresses to others: the network's, the gateway's, the broadcast, and one in hand. */
const MAX_SUBNET_BITS = 29

const checked = ({ cloud = 'pf', networkPool = '10.208.0.0/12', subnetBits = 22 }: DockerEngineOptions) => {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(cloud)) {
    throw new AppError(
      'BAD_REQUEST',
      `the cloud's name ${JSON.stringify(cloud)} is no DNS label of up to 32 characters`,
    )
  }
  const pool = parseSubnet(networkPool)
  if (!pool) throw new AppError('BAD_REQUEST', `the network pool ${JSON.stringify(networkPool)} is no IPv4 network`)
  if (!Number.isInteger(subnetBits) || subnetBits < pool.bits || subnetBits > MAX_SUBNET_BITS) {
    throw new AppError(
      'BAD_REQUEST',
      `subnets of ${subnetBits} bits do not fit: from ${pool.bits} to ${MAX_SUBNET_BITS}`,
    )
  }
  return { cloud, pool, subnetBits }
}
