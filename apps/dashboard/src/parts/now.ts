import { useEffect, useState } from 'react'

/** The time in milliseconds, again every `everyMs`; it stands still while `isRunning` is false. */
export const useNow = (everyMs: number, isRunning = true): number => {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, isRunning])
  return now
}
