import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { SetupError, stage } from '../stage.mjs'
import { ensureBaseImage } from './base-images.ts'
import { ensureDocker } from './docker.ts'
import { openHome } from './home.ts'
import { listManaged } from './litter.ts'
import { repositoryRoot } from './repository-root.ts'
import { tryCommand } from './run-command.ts'
import { CHROMIUM, IPROUTE, IPTABLES, installSystemPackages, REDIS, REGISTRY } from './system-packages.ts'

/**
 * `npm test`: everything there is, to the end even when something fails, and one closing line with the counts. Arguments
 * go to vitest: `npm test -- packages/model`.
 */
const CHECKS: readonly { name: string; command: readonly [string, ...string[]] }[] = [
  { name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'types of the console', command: ['tsc', '--noEmit', '-p', 'apps/dashboard/tsconfig.json'] },
  {
    name: 'borders',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'apps', 'packages', 'test', 'deploy'],
  },
  {
    name: 'generated docs',
    command: [process.execPath, '--conditions=source', 'deploy/local/src/configuration-docs.ts', '--check'],
  },
  {
    name: 'picture of scaling',
    command: [process.execPath, '--conditions=source', 'test/support/scaling/draw.ts', '--check'],
  },
]

const CHECK_LIMIT_MS = 300_000
const TESTS_LIMIT_MS = 4_800_000

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const runChecks = async (): Promise<Counts> => {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, command } of CHECKS) {
    const [program, ...args] = command
    try {
      await stage(name, async () => {
        const result = await tryCommand(program, args, { cwd: repositoryRoot, timeoutMs: CHECK_LIMIT_MS })
        if (result.end !== 'code 0') throw new Error(result.output.trim() || result.end)
      })
      counts.passed += 1
    } catch (err) {
      console.log(err instanceof Error ? err.message : err)
      counts.failed += 1
    }
  }
  return counts
}

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
})

/** Runs all tests with their output shown. A file that could not even be loaded, or a run that broke, counts as a failure. */
const runTests = async (args: readonly string[]): Promise<Counts> => {
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-report-'))
  try {
    const path = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
    const { end } = await tryCommand('vitest', ['run', ...reporters, ...args], {
      cwd: repositoryRoot,
      timeoutMs: TESTS_LIMIT_MS,
      isShown: true,
    })
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) return { passed: 0, failed: 1, skipped: 0 }
    const report = Report.parse(JSON.parse(text))
    const broken = report.testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
    ).length
    const failed = report.numFailedTests + broken
    return {
      passed: report.numPassedTests,
      failed: end !== 'code 0' && failed === 0 ? 1 : failed,
      skipped: report.numPendingTests + report.numTodoTests,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const test = async (args: readonly string[]): Promise<boolean> => {
  const checks = await runChecks()
  const docker = await stage('ground', async (note) => {
    await installSystemPackages([IPTABLES, IPROUTE, REDIS, REGISTRY, CHROMIUM])
    const engine = await ensureDocker(await openHome())
    note(`docker ${engine.version}, ${await ensureBaseImage(engine.docker)}`)
    return engine.docker
  })
  const run = randomBytes(3).toString('hex')
  // test/support/world.ts names its clouds by it: other runs on this engine are not ours to judge.
  process.env.PUSHFN_TEST_RUN = run
  const tests = await runTests(args)
  const litter = await listManaged(docker, `t${run}`)
  for (const name of litter) console.log(`left behind: ${name}`)
  const failed = checks.failed + tests.failed + (litter.length > 0 ? 1 : 0)
  console.log(`${checks.passed + tests.passed} passed, ${failed} failed, ${tests.skipped} skipped`)
  return failed === 0
}

try {
  process.exitCode = (await test(process.argv.slice(2))) ? 0 : 1
} catch (err) {
  console.error(err instanceof SetupError ? `\n${err.message}` : err)
  console.log('0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
}
