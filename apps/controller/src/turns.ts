/** One piece of work at a time for each key, in the order in which they were asked for. */
export type Turns = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>

export const openTurns = (): Turns => {
  const last = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work)
    const over = mine.catch(() => undefined)
    last.set(key, over)
    try {
      return await mine
    } finally {
      if (last.get(key) === over) last.delete(key)
    }
  }
}
