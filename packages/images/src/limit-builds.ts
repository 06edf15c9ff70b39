import { type FSWatcher, watch } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'

export interface StepLimits {
  /** Of one step, without swap. */
  memoryMiB: number
  /** Of one step, threads counted. */
  processes: number
  /** Cores for one step, as a hard quota; 0 is all of them. */
  cpus: number
  /** Steps that are expected to run at once: all together get so many times the processes. */
  stepsAtOnce: number
}

/**
 * Bounds what the steps of builds take of this machine, until it is disposed. BuildKit itself sets no limits: each step gets
 * a control group without any, below one that all builds of the engine share. Each gets its limits here as it appears, and
 * the shared one has limits of its own, three quarters of the memory, for the moment before.
 *
 * The shared group is `/docker/buildkit` of dockerd's cgroup driver `cgroupfs` (tried with 20.10 and 26.1, both of which
 * pass over a build's `cgroupparent`). systemd's driver gives steps no group in common. `onProblem` is told in a sentence
 * where there are no limits.
 */
export const limitBuilds = async (
  docker: Docker,
  limits: StepLimits,
  onProblem: (problem: string) => void,
): Promise<Disposable> => {
  const watchers: FSWatcher[] = []
  const limited = {
    [Symbol.dispose]: () => {
      for (const watcher of watchers) watcher.close()
    },
  }
  const { CgroupDriver, CgroupVersion } = await docker.info()
  if (CgroupDriver !== 'cgroupfs') {
    onProblem(
      `builds have no limits: dockerd’s cgroup driver is ${CgroupDriver}; give it native.cgroupdriver=cgroupfs on a machine for builds`,
    )
    return limited
  }
  try {
    for (const group of CgroupVersion === '2' ? await unified(limits) : separate(limits)) {
      await mkdir(group.folder, { recursive: true })
      for (const [file, value] of group.all) await writeFile(join(group.folder, file), value)
      watchers.push(await limitEachStep(group, onProblem))
    }
  } catch (err) {
    limited[Symbol.dispose]()
    onProblem(`builds have no limits: control groups cannot be written: ${err instanceof Error ? err.message : err}`)
  }
  return limited
}

interface Group {
  folder: string
  /** Files and what is written into them, in this order: of the group of all steps, and of each step's. */
  all: readonly (readonly [string, string])[]
  step: readonly (readonly [string, string])[]
}

const ROOT = '/sys/fs/cgroup'
const PATH = 'docker/buildkit'
const MIB = 1024 ** 2
const PERIOD_US = 100_000

const memoryOfAll = (): string => String(Math.floor(totalmem() * 0.75))
const quotaUs = ({ cpus }: StepLimits): string | undefined =>
  cpus > 0 ? String(Math.round(cpus * PERIOD_US)) : undefined

/** https://docs.kernel.org/admin-guide/cgroup-v1/ — a hierarchy for each controller. */
const separate = (limits: StepLimits): Group[] => {
  const memory = String(limits.memoryMiB * MIB)
  const quota = quotaUs(limits)
  return [
    {
      folder: join(ROOT, 'memory', PATH),
      all: [['memory.limit_in_bytes', memoryOfAll()]],
      // With swap: never less than without, so it comes second.
      step: [
        ['memory.limit_in_bytes', memory],
        ['memory.memsw.limit_in_bytes', memory],
      ],
    },
    {
      folder: join(ROOT, 'pids', PATH),
      all: [['pids.max', String(limits.processes * limits.stepsAtOnce)]],
      step: [['pids.max', String(limits.processes)]],
    },
    ...(quota ? [{ folder: join(ROOT, 'cpu', PATH), all: [], step: [['cpu.cfs_quota_us', quota] as const] }] : []),
  ]
}

/** https://docs.kernel.org/admin-guide/cgroup-v2.html — one hierarchy, whose controllers each parent hands down. */
const unified = async (limits: StepLimits): Promise<Group[]> => {
  const folder = join(ROOT, PATH)
  await mkdir(folder, { recursive: true })
  for (const parent of [ROOT, join(folder, '..'), folder])
    await writeFile(join(parent, 'cgroup.subtree_control'), '+cpu +memory +pids')
  const quota = quotaUs(limits)
  return [
    {
      folder,
      all: [
        ['memory.max', memoryOfAll()],
        ['pids.max', String(limits.processes * limits.stepsAtOnce)],
      ],
      step: [
        ['memory.max', String(limits.memoryMiB * MIB)],
        ['memory.swap.max', '0'],
        ['pids.max', String(limits.processes)],
        ...(quota ? [['cpu.max', `${quota} ${PERIOD_US}`] as const] : []),
      ],
    },
  ]
}

/** A step's group appears with the step, and goes with it. */
const limitEachStep = async (group: Group, onProblem: (problem: string) => void): Promise<FSWatcher> => {
  const limit = async (name: string) => {
    try {
      for (const [file, value] of group.step) await writeFile(join(group.folder, name, file), value)
    } catch (err) {
      // Gone already, or no step's group: a file of the folder itself.
      const code = err instanceof Error && 'code' in err ? err.code : undefined
      if (!GONE.has(String(code))) onProblem(`a step of a build goes without limits: ${err}`)
    }
  }
  const watcher = watch(group.folder, (_, name) => void (name && limit(name)))
  watcher.on('error', (err) => onProblem(`steps of builds go without limits: ${err.message}`))
  const steps = await readdir(group.folder, { withFileTypes: true })
  await Promise.all(steps.filter((entry) => entry.isDirectory()).map(({ name }) => limit(name)))
  return watcher
}

const GONE = new Set(['ENOENT', 'ENODEV', 'ENOTDIR'])
