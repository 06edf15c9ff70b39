const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `0.36 s`, `12 s`, `3 min 5 s`, `2 h 10 min` */
export const durationText = (ms: number): string => {
  const positive = Math.max(0, ms)
  if (positive < 10_000) return `${(positive / 1000).toFixed(positive < 1_000 ? 2 : 1)} s`
  if (positive < MINUTE_MS) return `${Math.round(positive / 1000)} s`
  if (positive < HOUR_MS) {
    return `${Math.floor(positive / MINUTE_MS)} min ${Math.floor((positive % MINUTE_MS) / 1000)} s`
  }
  return `${Math.floor(positive / HOUR_MS)} h ${Math.floor((positive % HOUR_MS) / MINUTE_MS)} min`
}

/** `just now`, `5 min`, `3 h`, `12 d`: how old something is, to its largest unit. */
export const ageText = (ms: number): string => {
  if (ms < MINUTE_MS) return 'just now'
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / DAY_MS)} d`
}
