import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AppError } from '@pushfn/model/errors'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFunction, aRepository, build, docker, planFunction } from '../test/try-function.ts'
import { limitBuilds } from './limit-builds.ts'

/** Other builds of this engine get these limits too while the tests run: they are small, and large enough for those. */
const LIMITS = { memoryMiB: 512, processes: 200, cpus: 1.5, stepsAtOnce: 100 }
let limited: Disposable
const problems: string[] = []

beforeAll(async () => {
  limited = await limitBuilds(docker, LIMITS, (problem) => problems.push(problem))
})
afterAll(() => limited[Symbol.dispose]())

const outcomeOf = async (step: string) => {
  const lines: string[] = []
  await using repository = await aRepository({
    'hello/Dockerfile': `FROM pushfn/base:latest\nRUN sleep 0.2; ${step} # ${randomUUID()}\n`,
  })
  const planned = await planFunction(repository.root, aFunction({ lang: 'dockerfile' }))
  const said = () => lines.filter((line) => !line.includes('RUN')).map((line) => line.replace(/^#\d+ /, ''))
  try {
    await using _ = await build(planned, { onLog: (line) => lines.push(line) })
    return { said: said(), hint: '' }
  } catch (err) {
    if (!(err instanceof AppError)) throw err
    return { said: said(), hint: err.hint ?? '' }
  }
}

describe('a step of a build', () => {
  test('that takes more memory than it may is ended, and told so', async () => {
    const { hint, said } = await outcomeOf(
      `python3 -c "kept = [bytearray(64 * 1024 * 1024) for _ in range(11)]" && echo got it`,
    )
    expect(said).not.toContain('got it')
    expect(hint).toContain('exit code 137 (killed: out of memory?)')
  })

  test('gets what memory it may', async () => {
    const { said } = await outcomeOf(`python3 -c "kept = bytearray(300 * 1024 * 1024)" && echo got it`)
    expect(said).toContain('got it')
  })

  test('that forks without end has so many processes and no more', async () => {
    const { said } = await outcomeOf(
      `for n in $(seq 400); do sleep 5 & done 2> /dev/null; echo has $(ls /proc | grep -c '^[0-9]')`,
    )
    const count = Number(said.find((line) => line.startsWith('has'))?.slice(4) ?? 0)
    expect(said.join()).not.toMatch(/has [3-9]\d\d/)
    expect(count).toBeLessThanOrEqual(LIMITS.processes)
  })

  test('that is a fork bomb ends with its build, and other builds go on meanwhile', async () => {
    const bomb = outcomeOf('bomb() { bomb | bomb & }; bomb 2> /dev/null; sleep 4; exit 1')
    const other = await outcomeOf('for n in $(seq 20); do sleep 0.5 & done; wait; echo fine')
    expect(other.said).toContain('fine')
    expect((await bomb).hint).toContain('failed')
  })
})

test('the processor’s quota is each step’s', async () => {
  const { said } = await outcomeOf(
    'sleep 0.3; cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2> /dev/null || cut -d " " -f 1 /sys/fs/cgroup/cpu.max',
  )
  expect(said).toContain('150000')
})

test('an engine whose control groups cannot be limited is told of', async () => {
  const said: string[] = []
  const old = new Docker()
  Object.assign(old, { info: async () => ({ CgroupDriver: 'systemd', CgroupVersion: '2' }) })
  using _ = await limitBuilds(old, LIMITS, (problem) => said.push(problem))
  expect(said).toEqual([expect.stringMatching(/^builds have no limits: dockerd’s cgroup driver is systemd/)])
})

test('no step went without', async () => {
  expect(problems).toEqual([])
  expect(await readFile('/proc/self/cgroup', 'utf8')).not.toContain('buildkit')
})
