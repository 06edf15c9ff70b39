import type { ContainerCreateOptions, HostConfig } from 'dockerode'
import type { Workload } from '../engine.ts'
import { containerName, networkName, replicaLabels } from './names.ts'
import { SECRETS_MOUNT, type SecretFiles } from './secret-files.ts'

export interface ContainerPolicy {
  cloud: string
  /** The OCI runtime by the name dockerd knows it: `runc`, `runsc`, `kata`; dockerd's default when absent. */
  runtime?: string
  secretFiles: SecretFiles
}

const MiB = 1024 * 1024

/**
 * One replica as Docker's API wants it. What each line keeps off is in docs/isolation.md; none of them costs time at
 * start that can be measured beside the 300 ms that runc and the network take.
 */
export const containerOptions = (
  policy: ContainerPolicy,
  workload: Workload,
  ordinal: number,
): ContainerCreateOptions => {
  const { spec } = workload
  return {
    name: containerName(policy.cloud, workload, ordinal),
    Image: workload.image,
    Labels: replicaLabels(policy.cloud, workload, ordinal),
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    /** The cloud asks for health itself; an image's own check would start a process in every replica every few seconds. */
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: networkName(policy.cloud, workload.tenant),
      ...(policy.runtime === undefined ? {} : { Runtime: policy.runtime }),
      Memory: spec.memoryMiB * MiB,
      /** Memory and swap together: the same figure means no swap. */
      MemorySwap: spec.memoryMiB * MiB,
      NanoCpus: spec.cpuMillis * 1_000_000,
      PidsLimit: spec.processes,
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }],
      /** When the host runs out of memory, functions go before the cloud does. */
      OomScoreAdj: 500,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: spec.isRootReadOnly,
      ...secretsMount(policy, workload, ordinal),
      /** Programs may run from /tmp, as OpenFaaS's functions expect; it is memory, and counts as such. */
      Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${Math.ceil(spec.memoryMiB / 2)}m` },
      LogConfig: { Type: 'local', Config: { 'max-size': '5m', 'max-file': '2', compress: 'false' } },
      /** An init reaps what `fprocess` leaves behind, and lets SIGTERM end a program that does not handle it. */
      Init: true,
      /**
       * The controller alone heals: a restart by Docker changes the address behind the gateway's back, hides the exit
       * code, and makes a crash loop look like a slow start.
       */
      RestartPolicy: { Name: 'no' },
    },
  }
}

const secretsMount = (policy: ContainerPolicy, workload: Workload, ordinal: number): HostConfig => {
  if (!workload.secrets) return {}
  const Source = policy.secretFiles.folderOf(containerName(policy.cloud, workload, ordinal), workload.secrets.key)
  const BindOptions = { Propagation: 'rprivate' } as const
  return { Mounts: [{ Type: 'bind', Source, Target: SECRETS_MOUNT, ReadOnly: true, BindOptions }] }
}
