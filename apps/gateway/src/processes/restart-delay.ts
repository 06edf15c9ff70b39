const FIRST_MS = 100
const LONGEST_MS = 10_000
/** A worker that has lived so long was well. */
export const WELL_AFTER_MS = 10_000

/** How long to wait before a worker is started in the place of the `deaths`th that died young in a row: nothing the first time. */
export const restartDelayMs = (deaths: number): number =>
  deaths <= 1 ? 0 : Math.min(FIRST_MS * 2 ** Math.min(deaths - 2, 20), LONGEST_MS)
