/** Calls a second, by second. */
export type Curve = (second: number) => number

/** A wavering that is the same in every run. */
const wavering = (second: number): number => (Math.sin(second * 12.9898) * 43_758.5453) % 1

export const step: Curve = (second) => (second < 60 ? 20 : second < 660 ? 400 : 20)
export const ramp: Curve = (second) => Math.min(second, 900)
export const spike: Curve = (second) => (second >= 120 && second < 130 ? 1_000 : 20)
export const sawtooth: Curve = (second) => ((second % 300) / 300) * 500

/** A day in 1,440 seconds: nobody at night, a morning, a noon, an evening peak, and never two seconds alike. */
export const day: Curve = (second) => {
  const hour = (second / 60) % 24
  if (hour < 6 || hour >= 23) return 0
  const hump = (at: number, width: number, height: number) => height * Math.exp(-(((hour - at) / width) ** 2))
  const calls = hump(9, 1.5, 250) + hump(13, 1, 180) + hump(19.5, 2, 420) + 8
  return Math.max(0, Math.round(calls * (1 + 0.15 * wavering(second))))
}
