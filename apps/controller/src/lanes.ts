/**
 * Work by key, one at a time each. Work that is asked for while the same key's runs is done once more when it ended,
 * however often it was asked for.
 */
export interface Lanes {
  run(key: string): void
  /** Resolves when nothing runs. */
  idle(): Promise<void>
}

export const openLanes = (work: (key: string) => Promise<void>): Lanes => {
  const lanes = new Map<string, { isAskedAgain: boolean; done: Promise<void> }>()
  const drive = async (key: string): Promise<void> => {
    const lane = lanes.get(key)
    do {
      if (lane) lane.isAskedAgain = false
      await work(key)
    } while (lane?.isAskedAgain)
    lanes.delete(key)
  }
  return {
    run: (key) => {
      const lane = lanes.get(key)
      if (lane) {
        lane.isAskedAgain = true
        return
      }
      const mine = { isAskedAgain: false, done: Promise.resolve() }
      lanes.set(key, mine)
      mine.done = drive(key)
    },
    idle: async () => {
      while (lanes.size > 0) await Promise.all([...lanes.values()].map((lane) => lane.done))
    },
  }
}
