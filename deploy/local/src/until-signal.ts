const SAME_KEY_MS = 2_000

export interface Ending {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
}

/**
 * Listens for the wish to end. The first signal aborts; npm passes on what the terminal already sent to everybody, so
 * that one Ctrl-C arrives more than once: only one that comes later than 2 s after the first ends the process at once.
 */
export const listenForEnd = (): Ending => {
  const ending = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    if (!ending.signal.aborted) {
      firstAt = performance.now()
      ending.abort(new Error('asked to end'))
    } else if (performance.now() - firstAt > SAME_KEY_MS) {
      process.exit(130)
    }
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  return { signal: ending.signal }
}
