import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../stage.mjs'
import { type BoundProcess, startBoundProcess } from './bound-process.ts'
import { endLeftover } from './leftover.ts'

export interface App {
  name: string
  /** Absolute path of its JavaScript. */
  main: string
  env: NodeJS.ProcessEnv
  /** Answers 200 once the app can do its work. */
  readyUrl: string
}

export interface Supervisor {
  /** Ends the apps, the last one first, each in its own time up to a limit. */
  stop(): Promise<void>
}

const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 35_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** Who ran as long as this had its start behind it: the next pause is a short one again. */
const SETTLED_MS = 60_000

/**
 * Runs the apps side by side, each on this Node with its log in `<dir>/logs/<name>.log`,
 * and returns when all are ready. An app that ends by itself is started again after a pause that grows with every end;
 * `say` is told. Throws SetupError with the last lines of its log when one does not get ready, with all others stopped.
 */
export const superviseApps = async (
  apps: readonly App[],
  { dir, say }: { dir: string; say: (line: string) => void },
): Promise<Supervisor> => {
  const stopping = new AbortController()
  const running = new Map<string, BoundProcess>()
  const keepers: Promise<void>[] = []

  const launch = async (app: App) => {
    const process = await startApp(app, dir)
    running.set(app.name, process)
    return process
  }
  const stop = async () => {
    stopping.abort()
    for (const { name } of apps.toReversed()) await running.get(name)?.stop({ limitMs: STOP_LIMIT_MS })
    await Promise.all(keepers)
    // One may have been on its way up when we began.
    for (const process of running.values()) await process.stop({ limitMs: STOP_LIMIT_MS })
  }
  const keep = async (app: App, first: BoundProcess) => {
    let process = first
    let pauseMs = FIRST_PAUSE_MS
    for (;;) {
      const startedAt = performance.now()
      const end = await process.ended
      if (stopping.signal.aborted) return
      if (performance.now() - startedAt > SETTLED_MS) pauseMs = FIRST_PAUSE_MS
      say(`${app.name} ended with ${end}; it is started again in ${pauseMs / 1000} s (${logPathOf(app, dir)})`)
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      process = await launch(app)
    }
  }

  try {
    await Promise.all(
      apps.map(async (app) => {
        const process = await launch(app)
        await untilReady(app, process, dir)
        keepers.push(keep(app, process))
      }),
    )
  } catch (err) {
    await stop()
    throw err
  }
  return { stop }
}

const logPathOf = (app: App, dir: string) => join(dir, 'logs', `${app.name}.log`)

const startApp = async (app: App, dir: string): Promise<BoundProcess> => {
  const pidPath = join(dir, `${app.name}.pid`)
  await endLeftover(pidPath, app.main)
  const started = await startBoundProcess(process.execPath, ['--enable-source-maps', app.main], {
    logPath: logPathOf(app, dir),
    env: app.env,
    cwd: dir,
  })
  await writeFile(pidPath, `${started.pid}\n`)
  return started
}

const untilReady = async (app: App, process: BoundProcess, dir: string): Promise<void> => {
  let end: string | undefined
  void process.ended.then((how) => {
    end = how
  })
  const deadline = Date.now() + READY_LIMIT_MS
  for (;;) {
    const answer = await fetch(app.readyUrl, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
    if (answer?.ok) return
    if (end !== undefined || Date.now() > deadline) {
      const how = end === undefined ? `is not ready after ${READY_LIMIT_MS / 1000} s` : `ended with ${end}`
      const logPath = logPathOf(app, dir)
      const tail = (await readFile(logPath, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-5).join('\n')
      throw new SetupError(`${app.name} ${how}. Its log, ${logPath}, ends:\n${tail}`)
    }
    await sleep(50)
  }
}
