/** Chance that can be played again: `CHAOS_SEED` names the seed of a run, which is printed. `CHAOS_RUNS` makes tests longer. */
export interface Chance {
  /** From `least` up to, not including, `most`. */
  between(least: number, most: number): number
  pick<Item>(items: readonly Item[]): Item
  shuffled<Item>(items: readonly Item[]): Item[]
}

export const CHAOS_RUNS = Number(process.env.CHAOS_RUNS ?? 1)

export const aChance = (test: string): Chance => {
  const seed = Number(process.env.CHAOS_SEED ?? Math.trunc(Math.random() * 2 ** 31))
  console.info(`${test}: CHAOS_SEED=${seed}`)
  const next = mulberry32(seed)
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least))
  return {
    between,
    pick: (items) => {
      const item = items[between(0, items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    shuffled: (items) => {
      const keyed = items.map((item) => ({ item, key: next() }))
      return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item)
    },
  }
}

/** Source: Tommy Ettinger's mulberry32, public domain. */
const mulberry32 = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
