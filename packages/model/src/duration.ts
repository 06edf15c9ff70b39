/**
 * A length of time as Go writes it (`10s`, `1m30s`, `500ms`, `1.5h`) or as a plain number of seconds, in whole
 * milliseconds, rounded up; undefined when it is none, is negative, or is longer than a year.
 * Source: Go's `time.ParseDuration`, and of-watchdog, which reads plain numbers as seconds.
 */
export const durationMs = (text: string): number | undefined => {
  if (text.length > MAX_LENGTH || !DURATION.test(text)) return undefined
  if (SECONDS.test(text)) return inRange(Number(text) * 1000)
  const parts = [...text.matchAll(PART)].map(([, amount, unit]) => Number(amount) * (MILLISECONDS[unit ?? ''] ?? 0))
  return inRange(parts.reduce((sum, part) => sum + part, 0))
}

const MAX_LENGTH = 64

const SECONDS = /^\d+(?:\.\d+)?$/

const DURATION = /^(?:\d+(?:\.\d+)?|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const YEAR_MS = 365 * 24 * 3_600_000

/** Six digits after the point are kept apart from the noise of binary fractions: `1.1s` is 1100 ms, not 1101. */
const inRange = (ms: number): number | undefined => {
  const whole = Math.ceil(Number(ms.toFixed(6)))
  return whole <= YEAR_MS ? whole : undefined
}
