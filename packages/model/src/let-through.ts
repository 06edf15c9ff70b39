import type { StackFunction } from './stack.ts'

/** Tells about a key of the function, dotted: `labels.canary`. */
export type Warn = (key: string, message: string) => void

/** Labels and annotations that only the cloud itself sets: everything it does to a container hangs on them. */
const isOwn = (key: string): boolean =>
  /^pushfn\.cloud\/(?:managed|tenant|function|revision|build|generation|ordinal)$/.test(key) ||
  key.startsWith('com.openfaas.cloud.')

export const labelsLetThrough = (fn: StackFunction, warn: Warn): Record<string, string> =>
  kept(fn.labels, (key) => {
    if (!isOwn(key) && !key.startsWith('pushfn.cloud/')) return true
    warn(`labels.${key}`, 'is passed over: the cloud alone sets it')
    return false
  })

export const annotationsLetThrough = (
  fn: StackFunction,
  listed: readonly string[],
  warn: Warn,
): Record<string, string> =>
  kept(fn.annotations, (key) => {
    const isListed = listed.some((entry) => (entry.endsWith('/') ? key.startsWith(entry) : key === entry))
    if (isListed && !isOwn(key)) return true
    warn(
      `annotations.${key}`,
      isOwn(key) ? 'is passed over: the cloud alone sets it' : 'is not let through on this cloud',
    )
    return false
  })

const kept = (record: Readonly<Record<string, string>>, isKept: (key: string) => boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => isKept(key)))
