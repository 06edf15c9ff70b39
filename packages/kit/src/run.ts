import type { Log } from './log.ts'

const STOP_LIMIT_MS = 60_000

/** What an app hands back once it serves: how to stop it. In-flight work ends, jobs are handed back, then it resolves. */
export interface RunningApp {
  stop(): Promise<void>
}

/**
 * The frame of every process: starts the app, stops it gracefully at SIGTERM or SIGINT (a second one ends it at once),
 * and ends with one line for a start that failed. A signal that comes in the midst of the start stops what was started.
 */
export const run = async (log: () => Log, start: () => Promise<RunningApp>): Promise<void> => {
  const starting = Promise.withResolvers<RunningApp>()
  let isStopping = false
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1)
    isStopping = true
    log().info({ signal }, 'stopping')
    const limit = setTimeout(() => {
      log().error({ limitMs: STOP_LIMIT_MS }, 'did not stop in time')
      process.exit(1)
    }, STOP_LIMIT_MS)
    try {
      const app = await starting.promise
      await app.stop()
      log().info('stopped')
      clearTimeout(limit)
      process.exit(0)
    } catch (err) {
      log().error({ err }, 'stopping failed')
      process.exit(1)
    }
  }
  // Before the start: who sees the app listen may end it in the same moment.
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  try {
    starting.resolve(await start())
    log().info('ready')
  } catch (err) {
    const isPlain = err instanceof Error && err.name === 'ConfigurationError'
    process.stderr.write(isPlain ? `${err.message}\n` : `could not start: ${err instanceof Error ? err.stack : err}\n`)
    process.exit(isPlain ? 78 : 1)
  }
}
