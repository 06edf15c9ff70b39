/**
 * GitHub's secondary limits per installation: 900 points a minute (a write is 5), 80 writes a minute, 100 requests at
 * once (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits).
 * They are always on: who breaks one is told so, and counted.
 */
export const createLimits = () => {
  const recent = new Map<number, { at: number; points: number }[]>()
  const running = new Map<number, number>()
  const limits = {
    /** Requests that broke a limit. */
    violations: 0,
    /** Counts a request in; false when it breaks a limit. Call `leave` when it is over. */
    enter: (installation: number, method: string): boolean => {
      const isWrite = method !== 'GET' && method !== 'HEAD'
      const now = Date.now()
      const lastMinute = (recent.get(installation) ?? []).filter(({ at }) => at > now - 60_000)
      lastMinute.push({ at: now, points: isWrite ? 5 : 1 })
      recent.set(installation, lastMinute)
      running.set(installation, (running.get(installation) ?? 0) + 1)
      const points = lastMinute.reduce((sum, request) => sum + request.points, 0)
      const writes = lastMinute.filter((request) => request.points === 5).length
      const isWithin = points <= 900 && writes <= 80 && (running.get(installation) ?? 0) <= 100
      if (!isWithin) limits.violations += 1
      return isWithin
    },
    leave: (installation: number): void => {
      running.set(installation, (running.get(installation) ?? 1) - 1)
    },
  }
  return limits
}

export type Limits = ReturnType<typeof createLimits>
