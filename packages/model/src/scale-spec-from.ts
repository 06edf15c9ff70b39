import { durationMs } from './duration.ts'
import { ScaleSpec } from './function-spec.ts'
import type { Warn } from './let-through.ts'
import { quote } from './quote.ts'

/** How a cloud scales what says nothing about it. */
export interface ScaleDefaults {
  min: number
  max: number
  target: number
  /** Which part of `target` a replica shall have: the rest is room for what comes while another one starts. */
  targetProportion: number
  /** Whether functions sleep at all unless they say so. */
  zero: boolean
  pauseAfterMs: number
  stopAfterMs: number
}

type Words = Readonly<Record<string, string>>

interface Given {
  labels: Words
  annotations: Words
  defaults: ScaleDefaults
  mostReplicas: number
}

/** Shorter, and a function would be asleep again before its caller has read the answer. */
const LEAST_IDLE_MS = 1_000
const STOP_AFTER = 'pushfn.cloud/stop-after'
const HOLD_CALLS = 'pushfn.cloud/hold-calls'
const HOLD_FOR = 'pushfn.cloud/hold-for'
/** Without a line at all a sleeping function would never be woken. */
const LEAST_HOLD_MS = 1_000

/**
 * OpenFaaS's labels of scaling made definite, and our annotations for the deeper sleep and for calls that wait. A label that makes no sense becomes
 * the default, with a warning. `capacity` is OpenFaaS's word for calls under way.
 */
export const scaleSpec = (given: Given, warn: Warn): ScaleSpec => {
  const { labels, defaults } = given
  const type = typeOf(labels, warn)
  const maxInflight = whole(given, { name: 'max-inflight', least: 1, most: 1_000_000, otherwise: null }, warn)
  const proportion = number(labels, { name: 'target-proportion', most: 1, otherwise: defaults.targetProportion }, warn)
  const target = number(labels, { name: 'target', most: 1_000_000, otherwise: defaults.target }, warn)
  // More than it is ever given cannot be aimed at.
  const perReplica = type === 'concurrency' && maxInflight !== null ? Math.min(target, maxInflight) : target
  return ScaleSpec.parse({
    ...replicas(given, warn),
    ...sleep(given, warn),
    type,
    target: Math.round(perReplica * proportion * 1_000) / 1_000,
    maxInflight,
    ...hold(given, warn),
  })
}

const typeOf = (labels: Words, warn: Warn): ScaleSpec['type'] => {
  const written = own(labels, 'com.openfaas.scale.type')
  if (written === undefined || written === 'capacity') return 'concurrency'
  const known = ScaleSpec.shape.type.safeParse(written)
  if (known.success) return known.data
  const message = `must be concurrency (or capacity), rps or cpu, but is ${quote(written)}: it is concurrency`
  warn('labels.com.openfaas.scale.type', message)
  return 'concurrency'
}

const replicas = (given: Given, warn: Warn): { min: number; max: number } => {
  const { labels, defaults } = given
  const read = (name: 'min' | 'max', least: number): number => {
    const asked = whole(given, { name, least, most: 999_999, otherwise: defaults[name] }, warn) ?? defaults[name]
    if (asked <= given.mostReplicas) return asked
    warn(
      `labels.com.openfaas.scale.${name}`,
      `is ${asked}, but a function may have ${given.mostReplicas} replicas here: it gets those`,
    )
    return given.mostReplicas
  }
  const min = read('min', 0)
  const max = read('max', 1)
  if (min <= max) return { min, max }
  if (own(labels, 'com.openfaas.scale.max') === undefined) return { min, max: min }
  warn('labels.com.openfaas.scale.min', `is ${min}, more than com.openfaas.scale.max: it is ${max}`)
  return { min: max, max }
}

const sleep = (
  { labels, annotations, defaults }: Given,
  warn: Warn,
): Pick<ScaleSpec, 'pauseAfterMs' | 'stopAfterMs'> => {
  const never = { pauseAfterMs: null, stopAfterMs: null }
  if (!isZeroWanted(labels, defaults.zero, warn)) return never
  const pauseAfterMs = idle(
    own(labels, 'com.openfaas.scale.zero-duration'),
    { key: 'labels.com.openfaas.scale.zero-duration', otherwise: defaults.pauseAfterMs },
    warn,
  )
  const written = own(annotations, STOP_AFTER)
  if (written === 'never') return { pauseAfterMs, stopAfterMs: null }
  const key = `annotations.${STOP_AFTER}`
  const stopAfterMs = idle(written, { key, otherwise: Math.max(defaults.stopAfterMs, pauseAfterMs) }, warn)
  if (stopAfterMs >= pauseAfterMs) return { pauseAfterMs, stopAfterMs }
  warn(key, `is shorter than the ${pauseAfterMs / 1000}s after which the function is paused: it is as long`)
  return { pauseAfterMs, stopAfterMs: pauseAfterMs }
}

const hold = ({ annotations }: Given, warn: Warn): Pick<ScaleSpec, 'holdCalls' | 'holdMs'> => {
  const calls = own(annotations, HOLD_CALLS)
  const holdCalls = calls !== undefined && /^[1-9]\d{0,6}$/.test(calls) ? Number(calls) : null
  if (calls !== undefined && holdCalls === null) {
    const message = `must be a whole number from 1 on, but is ${quote(calls)}: it is as the cloud allows`
    warn(`annotations.${HOLD_CALLS}`, message)
  }
  const time = own(annotations, HOLD_FOR)
  const given = time === undefined ? undefined : durationMs(time)
  const holdMs = given !== undefined && given >= LEAST_HOLD_MS ? given : null
  if (time !== undefined && holdMs === null) {
    const message = `must be a time from ${LEAST_HOLD_MS / 1000}s on, but is ${quote(time)}: it is as the cloud allows`
    warn(`annotations.${HOLD_FOR}`, message)
  }
  return { holdCalls, holdMs }
}

const isZeroWanted = (labels: Words, otherwise: boolean, warn: Warn): boolean => {
  const written = own(labels, 'com.openfaas.scale.zero')
  if (written === undefined) return otherwise
  if (written === 'true' || written === 'false') return written === 'true'
  warn('labels.com.openfaas.scale.zero', `must be true or false, but is ${quote(written)}: it is ${otherwise}`)
  return otherwise
}

const idle = (written: string | undefined, about: { key: string; otherwise: number }, warn: Warn): number => {
  if (written === undefined) return about.otherwise
  const ms = durationMs(written)
  if (ms === undefined) {
    const message = `must be a time, as in 30s or 1h30m, but is ${quote(written)}: it is ${about.otherwise / 1000}s`
    warn(about.key, message)
    return about.otherwise
  }
  if (ms < LEAST_IDLE_MS)
    warn(about.key, `is ${quote(written)}, but must be ${LEAST_IDLE_MS / 1000}s at least: it is that`)
  return Math.max(ms, LEAST_IDLE_MS)
}

const whole = <Otherwise extends number | null>(
  { labels }: Given,
  about: { name: string; least: number; most: number; otherwise: Otherwise },
  warn: Warn,
): number | Otherwise => {
  const key = `com.openfaas.scale.${about.name}`
  const written = own(labels, key)
  if (written === undefined) return about.otherwise
  const given = /^\d{1,7}$/.test(written) ? Number(written) : undefined
  if (given !== undefined && given >= about.least && given <= about.most) return given
  const instead = about.otherwise === null ? 'there is none' : `it is ${about.otherwise}`
  warn(`labels.${key}`, `must be a whole number from ${about.least} on, but is ${quote(written)}: ${instead}`)
  return about.otherwise
}

const number = (labels: Words, about: { name: string; most: number; otherwise: number }, warn: Warn): number => {
  const key = `com.openfaas.scale.${about.name}`
  const written = own(labels, key)
  if (written === undefined) return about.otherwise
  const given = /^\d{1,7}(?:\.\d{1,3})?$/.test(written) ? Number(written) : undefined
  if (given !== undefined && given > 0 && given <= about.most) return given
  const message = `must be a number above 0, ${about.most} at most, but is ${quote(written)}: it is ${about.otherwise}`
  warn(`labels.${key}`, message)
  return about.otherwise
}

/** `constructor` is no label unless it was written. */
const own = (words: Words, key: string): string | undefined => (Object.hasOwn(words, key) ? words[key] : undefined)
