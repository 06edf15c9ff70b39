/**
 * The way from a bare machine (Node 20, npm, git) to a running Pushfn: `node deploy/local/setup.mjs start|test|bench|rebuild`.
 * Plain JavaScript without dependencies, since nothing is installed when it begins. It puts the packages in place, Node 24
 * among them, builds what changed, and hands over to `src/<command>.ts` on that Node. A second run skips what is done.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './lock.mjs'
import { SetupError, stage } from './stage.mjs'

const COMMANDS = ['start', 'test', 'bench', 'rebuild']
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const bin = join(root, 'node_modules/.bin')
const node24 = join(root, 'node_modules/node/bin/node')
const stamp = join(root, 'node_modules/.pushfn-packages')
const env = {
  ...process.env,
  PATH: [bin, process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
}

const main = async () => {
  const [command, ...args] = process.argv.slice(2)
  if (!COMMANDS.includes(command)) throw new SetupError(`usage: node deploy/local/setup.mjs ${COMMANDS.join('|')}`)
  if (process.platform !== 'linux') throw new SetupError('Pushfn runs on Linux: use a virtual machine with Debian 12.')
  await withLock(
    `setup:${root}`,
    async () => {
      await stage('packages', installPackages)
      await stage('build', build)
    },
    () => console.log('… another set-up is at work in this folder: waiting for it'),
  )
  await handOver(join(root, `deploy/local/src/${command}.ts`), args)
}

/** By pnpm as package.json names it, with the lockfile as it is; nothing to do when the lockfile is that of the last time. */
const installPackages = async (note) => {
  const wanted = hashOf(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node24)) return note('up to date')
  rmSync(stamp, { force: true })
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  // CI: pnpm asks nothing, even where it has to replace a folder.
  await run('npx', ['-y', packageManager, 'install', '--frozen-lockfile'], { ...env, CI: 'true' })
  const version = await run(node24, ['--version'], env).catch(() => 'none')
  if (!version.startsWith('v24.')) {
    throw new SetupError(
      `Node 24 did not come with the packages (found: ${version.trim()}): remove node_modules and try again.`,
    )
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(stamp, wanted)
}

/** What did not change comes from turbo's cache. */
const build = () => run(join(bin, 'turbo'), ['run', 'build', '--output-logs=errors-only', '--no-update-notifier'], env)

const hashOf = (files) => {
  const hash = createHash('sha256').update(process.arch)
  for (const file of files) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

/** Runs a program and returns its stdout. What it wrote is shown only when it fails. */
const run = (file, args, environment) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let both = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
      both += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      both += text
    })
    child.once('error', (err) => reject(new SetupError(`${file} could not be started: ${err.message}`)))
    child.once('close', (code) => {
      if (code === 0) return resolve(stdout)
      const said = both.split('\n').filter((line) => !line.startsWith('npm warn'))
      reject(new SetupError(`${said.join('\n').trim()}\n${file} ${args.join(' ')} ended with code ${code}.`))
    })
  })

/**
 * Node 24 takes over; signals go on to it, its end is ours. It ends with us even when we are killed, and we end when the
 * npm that runs us was killed. (npm passes signals to the process it started and not to that one's children: this is why
 * package.json's scripts say `exec`, and name npm's own Node instead of the shell script in node_modules/.bin.)
 */
const handOver = (script, args) =>
  new Promise((resolve, reject) => {
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', node24, script, ...args], {
      cwd: root,
      env,
      stdio: 'inherit',
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    const { ppid } = process
    if (process.env.npm_lifecycle_event)
      setInterval(() => process.ppid !== ppid && child.kill('SIGTERM'), 1_000).unref()
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      process.exitCode = signal ? 1 : code
      resolve()
    })
  })

try {
  await main()
} catch (err) {
  console.error(err instanceof SetupError ? `\n${err.message}` : err)
  process.exitCode = 1
}
// A server or timer that is left shall not keep a finished set-up alive.
process.exit()
