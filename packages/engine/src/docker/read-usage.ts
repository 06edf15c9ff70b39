import type Dockerode from 'dockerode'
import { z } from 'zod'
import { accepting, engineFailure, within } from './failure.ts'
import { ownContainer } from './own-container.ts'
import { unlessAborted } from './unless-aborted.ts'

const LIMIT_MS = 10_000
const GONE = 404
const NANOSECONDS = 1_000_000

const Stats = z.object({ cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }) })

/** What the replica's cgroup has counted. `one-shot` spares the second that Docker would wait for a rate of its own. */
export const readUsage = async (
  { docker, cloud }: { docker: Dockerode; cloud: string },
  replicaId: string,
  signal?: AbortSignal,
): Promise<{ cpuMs: number } | undefined> => {
  const abortSignal = within(LIMIT_MS, signal)
  try {
    const info = await ownContainer(docker, cloud, replicaId, abortSignal)
    if (!info?.State.Running || info.State.Paused) return undefined
    const asked = docker.getContainer(info.Id).stats({ stream: false, 'one-shot': true })
    const stats = Stats.safeParse(await accepting([GONE], unlessAborted(asked, abortSignal)))
    return stats.success ? { cpuMs: stats.data.cpu_stats.cpu_usage.total_usage / NANOSECONDS } : undefined
  } catch (error) {
    throw engineFailure(`read the CPU time of replica ${replicaId}`, error, signal)
  }
}
