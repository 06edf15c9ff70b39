import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SetupError, stage } from '../stage.mjs'
import { repositoryRoot } from './repository-root.ts'
import { tryCommand } from './run-command.ts'
import { installSystemPackages, NGINX, REDIS, WRK } from './system-packages.ts'
import startServers from './vitest-servers.ts'
import ensureWorld from './vitest-world.ts'

/**
 * `npm run bench:<name>`: runs `test/bench/<name>.ts` with what a test would find: throwaway servers, the engine, the base
 * image. What follows the name are the bench's own options.
 */
const FOLDER = join(repositoryRoot, 'test/bench')
const LIMIT_MS = 3_600_000

const bench = async (name: string | undefined, args: readonly string[]): Promise<boolean> => {
  const names = (await readdir(FOLDER)).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3))
  if (!name || !names.includes(name)) throw new SetupError(`There is no such bench; there are: ${names.join(', ')}`)
  const stop = await stage('ground', async () => {
    await installSystemPackages(name === 'gateway' ? [REDIS, NGINX, WRK] : [REDIS])
    await ensureWorld()
    return startServers()
  })
  try {
    const script = join(FOLDER, `${name}.ts`)
    const { end } = await tryCommand(process.execPath, ['--conditions=source', script, ...args], {
      cwd: repositoryRoot,
      timeoutMs: LIMIT_MS,
      isShown: true,
    })
    return end === 'code 0'
  } finally {
    await stop()
  }
}

try {
  const [name, ...args] = process.argv.slice(2)
  process.exitCode = (await bench(name, args)) ? 0 : 1
} catch (err) {
  console.error(err instanceof SetupError ? `\n${err.message}` : err)
  process.exitCode = 1
}
