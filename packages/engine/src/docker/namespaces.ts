import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@pushfn/model/errors'
import type Dockerode from 'dockerode'
import type { NetworkInspectInfo } from 'dockerode'
import { accepting, engineFailure, reasonOf, statusOf, within } from './failure.ts'
import type { Firewall } from './firewall.ts'
import { bridgeName, LABEL, namespaceLabels, networkName } from './names.ts'
import { firstFreeSubnet, parseSubnet, type Subnet, subnetText } from './subnets.ts'
import { unlessAborted } from './unless-aborted.ts'

/** A tenant's namespace in Docker: a bridge network of its own, behind the cloud's firewall. */
export interface Namespaces {
  /** Looks, and makes what is missing. Calls for one tenant share one run. */
  ensure(tenant: string, signal?: AbortSignal): Promise<void>
  /** Like ensure, but takes this process's word for a namespace that it has seen before. */
  ensureOnce(tenant: string, signal?: AbortSignal): Promise<void>
  /** Forgets that the namespace was seen. */
  forget(tenant: string): void
  /** Removes the tenant's network; its containers must be gone. */
  remove(tenant: string, signal?: AbortSignal): Promise<void>
}

export interface NamespaceOptions {
  docker: Dockerode
  cloud: string
  firewall: Firewall
  pool: Subnet
  subnetBits: number
}

const LIMIT_MS = 30_000
const TRIES = 20
const CONFLICT = 409
const FORBIDDEN = 403
const GONE = 404

export const createNamespaces = (options: NamespaceOptions): Namespaces => {
  const { docker, cloud, firewall } = options
  const known = new Set<string>()
  const running = new Map<string, Promise<void>>()
  /** Subnets that a creation under way has picked: Docker does not list them yet. */
  const picked = new Set<Subnet>()

  /** Not bound to one caller's signal, since several may wait for it. */
  const make = async (tenant: string) => {
    await firewall.ensureRules()
    for (let attempt = 1; ; attempt++) {
      const networks = await docker.listNetworks({ abortSignal: within(LIMIT_MS) })
      if (isOurs(cloud, tenant, networks)) return
      const refusal = await create(tenant, networks)
      if (refusal === undefined) return
      if (attempt === TRIES) throw refusal
      await sleep(20 * Math.random() * attempt)
    }
  }

  /** Undefined when the network is made; Docker's refusal when somebody was faster, here or in another process. */
  const create = async (tenant: string, networks: readonly NetworkInspectInfo[]): Promise<unknown> => {
    const subnet = firstFreeSubnet(options.pool, options.subnetBits, [...subnetsOf(networks), ...picked])
    if (!subnet) {
      throw new AppError(
        'ENGINE_FAILED',
        `the network pool ${subnetText(options.pool)} has no free /${options.subnetBits} left for another tenant`,
      )
    }
    picked.add(subnet)
    try {
      await docker.createNetwork(networkOptions(cloud, tenant, subnet))
      return undefined
    } catch (error) {
      const status = statusOf(error)
      if (status === CONFLICT || status === FORBIDDEN || /overlap/i.test(reasonOf(error))) return error
      throw error
    } finally {
      picked.delete(subnet)
    }
  }

  const ensure = async (tenant: string, signal?: AbortSignal) => {
    let run = running.get(tenant)
    if (!run) {
      run = make(tenant)
        .then(() => void known.add(tenant))
        .finally(() => running.delete(tenant))
      running.set(tenant, run)
    }
    await unlessAborted(run, signal).catch((error: unknown) => {
      throw engineFailure(`make the network of tenant ${tenant}`, error, signal)
    })
  }

  return {
    ensure,
    ensureOnce: async (tenant, signal) => {
      if (!known.has(tenant)) await ensure(tenant, signal)
    },
    forget: (tenant) => void known.delete(tenant),
    remove: async (tenant, signal) => {
      known.delete(tenant)
      const abortSignal = within(LIMIT_MS, signal)
      const networks = await docker.listNetworks({ abortSignal })
      const ours = networks.find((network) => isNamespace(cloud, tenant, network))
      if (ours) await accepting([GONE], docker.getNetwork(ours.Id).remove({ abortSignal }))
    },
  }
}

const isNamespace = (cloud: string, tenant: string, network: NetworkInspectInfo): boolean =>
  network.Labels?.[`${LABEL}managed`] === cloud && network.Labels?.[`${LABEL}tenant`] === tenant

/** Whether the tenant's network stands. One of its name that we did not make is a fault to tell, never to take over. */
const isOurs = (cloud: string, tenant: string, networks: readonly NetworkInspectInfo[]): boolean => {
  const found = networks.find((network) => network.Name === networkName(cloud, tenant))
  if (found && !isNamespace(cloud, tenant, found)) {
    throw new AppError('ENGINE_FAILED', `a network named ${found.Name} exists that is not this cloud's`)
  }
  return found !== undefined
}

const subnetsOf = (networks: readonly NetworkInspectInfo[]): Subnet[] =>
  networks
    .flatMap((network) => network.IPAM?.Config ?? [])
    .map((config) => parseSubnet(config.Subnet ?? ''))
    .filter((subnet) => subnet !== undefined)

const networkOptions = (cloud: string, tenant: string, subnet: Subnet) => ({
  Name: networkName(cloud, tenant),
  CheckDuplicate: true,
  Driver: 'bridge',
  EnableIPv6: false,
  IPAM: { Driver: 'default', Config: [{ Subnet: subnetText(subnet) }] },
  Options: {
    'com.docker.network.bridge.name': bridgeName(cloud, tenant),
    /** Replicas are reached through the gateway only, those of one's own tenant too. */
    'com.docker.network.bridge.enable_icc': 'false',
  },
  Labels: namespaceLabels(cloud, tenant),
  abortSignal: within(LIMIT_MS),
})
