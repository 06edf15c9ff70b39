/**
 * Amounts as stack files write them, in Kubernetes' and in Docker's manner. One regular expression each, so that `.inf`,
 * `1e400` and negative amounts are simply no amounts.
 */

/**
 * `128Mi`, `1Gi`, `128M`, `64m`, `512Ki` or bytes as whole bytes, rounded up; undefined when it is no amount of memory.
 * `M` and `m` are read as Docker reads them, as MiB: for Kubernetes `128M` is 122.07 MiB, and whoever asks for that is
 * not hurt by getting 128.
 */
export const memoryBytes = (text: string): number | undefined => {
  const [, amount, unit] = MEMORY.exec(text.trim()) ?? []
  if (amount === undefined) return undefined
  const bytes = Math.ceil(Number(amount) * (BYTES[(unit ?? '').toLowerCase()] ?? Number.NaN))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** The same as whole MiB, rounded up. */
export const memoryMiB = (text: string): number | undefined => {
  const bytes = memoryBytes(text)
  return bytes === undefined ? undefined : Math.ceil(bytes / 2 ** 20)
}

const MEMORY = /^(\d{1,15}(?:\.\d{1,9})?)(?:([kmgt])i?b?|b)?$/i

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** `100m` (thousandths of a core), `0.5` or `2` (cores) as thousandths, rounded up; undefined when it is no such amount. */
export const cpuMillis = (text: string): number | undefined => {
  const [, thousandths, cores] = CPU.exec(text.trim()) ?? []
  if (thousandths !== undefined) return Number(thousandths)
  return cores === undefined ? undefined : Math.ceil(Number((Number(cores) * 1000).toFixed(6)))
}

const CPU = /^(?:(\d{1,7})m|(\d{0,6}\.\d{1,9}|\d{1,6}))$/
