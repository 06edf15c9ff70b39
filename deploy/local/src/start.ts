import { join, relative } from 'node:path'
import { removeCloud } from '@pushfn/engine/docker/remove-cloud'
import { migrate } from '@pushfn/store/migrate'
import { tryLock } from '../lock.mjs'
import { SetupError, stage } from '../stage.mjs'
import { ensureBaseImage } from './base-images.ts'
import { cloudApps, consoleUrlOf } from './cloud-apps.ts'
import { callDemo, type Demo, ensureDemo, pushDemo } from './demo.ts'
import { ensureDocker } from './docker.ts'
import { isPortTaken } from './free-port.ts'
import { keptSecret, openHome } from './home.ts'
import { startPostgres } from './postgres.ts'
import { superviseApps } from './processes.ts'
import { startRedis } from './redis.ts'
import { repositoryRoot } from './repository-root.ts'
import { IPTABLES, installSystemPackages } from './system-packages.ts'
import { listenForEnd } from './until-signal.ts'

/**
 * `npm start`: a whole cloud on this machine, with a function pushed to it, until Ctrl-C. What it keeps is in
 * `PUSHFN_HOME` (`.pushfn`); `DATABASE_URL` and `REDIS_URL` take the place of our own servers; `PORT` is the public port.
 * Whatever comes up registers its end first, and ends in the reverse order.
 */
const start = async (): Promise<void> => {
  const ending = listenForEnd()
  await using undo = new AsyncDisposableStack()
  /** A stage that is begun only while nobody asked us to end. */
  const step = <T>(name: string, work: (note: (text: string) => void) => T | Promise<T>): Promise<T> => {
    ending.signal.throwIfAborted()
    return stage(name, work)
  }

  const home = await openHome()
  const cloud = process.env.PUSHFN_CLOUD || 'pf'
  const port = readPort(process.env.PORT)
  await claim(`home:${home}`, `Pushfn runs from ${home} already.`, undo)
  await claim(`cloud:${cloud}`, `A Pushfn named ${cloud} runs here already: set PUSHFN_CLOUD and PORT.`, undo)
  if (await isPortTaken(port)) throw new SetupError(`Port ${port} is taken: choose another one, PORT=8088 npm start.`)

  const engine = await step('docker', async (note) => {
    await installSystemPackages([IPTABLES])
    const found = await ensureDocker(home)
    note(`${found.version}${found.isStartedByUs ? ', started by us and left running' : ''}`)
    return found
  })
  const baseImage = await step('base image', (note) => ensureBaseImage(engine.docker, note))
  const databaseUrl =
    process.env.DATABASE_URL ||
    (await step('postgres', async () => {
      const postgres = await startPostgres({ dataDir: join(home, 'postgres') })
      undo.defer(postgres.stop)
      return postgres.url
    }))
  const redisUrl =
    process.env.REDIS_URL ||
    (await step('redis', async () => {
      const redis = await startRedis({ dir: join(home, 'redis') })
      undo.defer(redis.stop)
      return redis.url
    }))
  await step('migrations', async (note) => {
    const applied = await migrate(databaseUrl, join(repositoryRoot, 'prisma/migrations'))
    note(applied.length === 0 ? 'up to date' : `${applied.length} applied`)
  })
  const operatorToken = await keptSecret(join(home, 'operator-token'))
  const apps = await cloudApps({
    cloud,
    port,
    databaseUrl,
    redisUrl,
    secret: await keptSecret(join(home, 'secret')),
    operatorToken,
    dockerSocket: engine.socketPath,
    baseImage,
    dataDir: home,
  })
  await step(apps.map(({ name }) => name).join(', '), async () => {
    const { SECRETS_DIR: secretsDir } = process.env
    undo.defer(() => removeCloud({ docker: engine.docker, cloud, ...(secretsDir && { secretsDir }) }))
    const supervisor = await superviseApps(apps, { dir: home, say: (line) => console.log(`! ${line}`) })
    undo.defer(supervisor.stop)
  })

  const demo = await step('demo tenant', () => ensureDemo(port, home, operatorToken))
  let pushedAt: number | undefined
  if (!demo.isLive) {
    ending.signal.throwIfAborted()
    console.log('… git push of examples/hello')
    pushedAt = await pushDemo(port, demo)
  }
  const answer = await step('hello', () => callDemo(demo))
  const took = pushedAt === undefined ? undefined : performance.now() - pushedAt
  console.log(summary({ demo, answer, took, port, home }))
  if (!ending.signal.aborted) await new Promise((resolve) => ending.signal.addEventListener('abort', resolve))
  console.log('\nStopping …')
}

const readPort = (text: string | undefined): number => {
  const port = Number(text || 8080)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new SetupError(`PORT=${text} is no port.`)
  return port
}

const claim = async (name: string, otherwise: string, undo: AsyncDisposableStack): Promise<void> => {
  const free = await tryLock(name)
  if (!free) throw new SetupError(otherwise)
  undo.defer(free)
}

const summary = (about: { demo: Demo; answer: string; took?: number; port: number; home: string }): string => {
  const { demo, port } = about
  const console = consoleUrlOf(port)
  const withToken = console.replace('http://', `http://${demo.tenant}:${demo.token}@`)
  const home = about.home.startsWith(`${process.cwd()}/`) ? relative(process.cwd(), about.home) : about.home
  return `
Pushfn is up.

  function      ${demo.functionUrl}
  it answers    ${about.answer.split('\n').join('\n                ')}
  push → live   ${about.took === undefined ? 'pushed by an earlier start' : `${(about.took / 1000).toFixed(1)} s`}
  console       ${demo.loginUrl}
                (this link works once, for ten minutes; later, at ${console}, the token ${demo.token})

Push your own: in a Git repository with a stack.yml (examples/ has some),

  git push ${withToken}/git/${demo.tenant}/<any name>.git main

or without a commit, once the command line is signed in (docs/cli.md):

  npm run -s pushfn -- login ${console} < ${home}/demo-token
  npm run -s pushfn -- deploy examples/hello

Data and logs are in ${home}, operators' token in ${home}/operator-token. Ctrl-C stops everything.`
}

try {
  await start()
  console.log('Stopped.')
  process.exit(0)
} catch (err) {
  if (err instanceof Error && err.message === 'asked to end') {
    console.log('Stopped.')
    process.exit(0)
  }
  console.error(err instanceof SetupError ? `\n${err.message}` : err)
  process.exit(1)
}
