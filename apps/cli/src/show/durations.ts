const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** How long ago, in its greatest unit: `3 d`, `12 min`. Empty for what never was. */
export const ageText = (at: string | null, now = Date.now()): string => {
  if (at === null) return ''
  const ms = Math.max(0, now - Date.parse(at))
  const [name, size] = UNITS.find(([, each]) => ms >= each) ?? ['s', 1_000]
  return `${Math.floor(ms / size)} ${name}`
}

/** `0.36 s`, `75.00 s` */
export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
