import { setTimeout as sleep } from 'node:timers/promises'

const TRIES = 4
const PAUSE_MS = 40
/** A forge waits ten seconds for its answer; a try may take five until it finds that no database is there. */
const PATIENCE_MS = 3_000

/**
 * GitHub sends a webhook once: what fails now and works in a moment must not be answered with an error. That are two
 * deliveries that make the same tenant at the same time, and connections that a restarted database cut. The work must be
 * such that doing it twice is doing it once.
 */
export const tryAgain = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  const until = performance.now() + PATIENCE_MS
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (thrown) {
      if (attempt === TRIES || performance.now() > until) throw thrown
      // Not all at the same moment again.
      await sleep(PAUSE_MS * attempt * (0.5 + Math.random()))
    }
  }
}
