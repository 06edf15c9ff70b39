import { localFetch } from './local-fetch.ts'

/** Calls until stopped, and tells every status that was not 200. */
export const callAllTheWhile = (url: string): (() => Promise<number[]>) => {
  const bad: number[] = []
  let isStopped = false
  const calling = (async () => {
    while (!isStopped) {
      const { status, body } = await localFetch(url)
      await body?.cancel()
      if (status !== 200) bad.push(status)
    }
  })()
  return async () => {
    isStopped = true
    await calling
    return bad
  }
}
