import Dockerode from 'dockerode'
import { accepting, engineFailure, within } from './failure.ts'
import { ipv4Rules, ipv6Rules, removalInput } from './firewall-rules.ts'
import { type Iptables, runIptables } from './iptables.ts'
import { BUILD_BRIDGE, bridgePrefix, managedBy } from './names.ts'
import { removeReplica } from './remove-replica.ts'
import { DEFAULT_SECRETS_DIR, secretFiles } from './secret-files.ts'

export interface RemoveCloudOptions {
  docker: Dockerode | string
  cloud: string
  iptablesPrefix?: readonly string[]
  /** Where the engine kept secrets. Default `/dev/shm`. */
  secretsDir?: string
}

const LIMIT_MS = 30_000

/**
 * Takes everything of one cloud off the engine: replicas, secrets, networks, firewall rules. For the end of a cloud, and of a test
 * that had one of its own; nobody else's is touched. Throws ENGINE_FAILED.
 */
export const removeCloud = async (options: RemoveCloudOptions, signal?: AbortSignal): Promise<void> => {
  const { cloud } = options
  const docker = typeof options.docker === 'string' ? new Dockerode({ socketPath: options.docker }) : options.docker
  const abortSignal = () => within(LIMIT_MS, signal)
  const files = secretFiles(options.secretsDir ?? DEFAULT_SECRETS_DIR, cloud)
  const filters = { label: [managedBy(cloud)] }
  try {
    const containers = await docker.listContainers({ all: true, filters, abortSignal: abortSignal() })
    await Promise.all(containers.map(({ Id }) => removeReplica({ docker, cloud, secretFiles: files }, Id, 0, signal)))
    await files.removeAll()
    for (const network of await docker.listNetworks({ filters, abortSignal: abortSignal() })) {
      await accepting([404], docker.getNetwork(network.Id).remove({ abortSignal: abortSignal() }))
    }
    await removeRules(runIptables(options.iptablesPrefix), cloud)
  } catch (error) {
    throw engineFailure(`remove cloud ${cloud}`, error, signal)
  }
}

const removeRules = async (iptables: Iptables, cloud: string): Promise<void> => {
  const builds = { bridge: BUILD_BRIDGE, mayReach: [] }
  const policy = {
    bridgePrefix: bridgePrefix(cloud),
    egress: 'internet',
    resolvers: [],
    hostPorts: [],
    builds,
  } as const
  for (const [program, rules] of [
    ['iptables', ipv4Rules(policy)] as const,
    ['ip6tables', ipv6Rules(policy)] as const,
  ]) {
    const current = await iptables(program, ['-w', '10', '-S']).catch(() => '')
    const input = removalInput(rules, current)
    if (input) await iptables(`${program}-restore`, ['-w', '10', '--noflush'], input)
  }
}
