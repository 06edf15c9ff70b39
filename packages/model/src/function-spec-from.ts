import { accessPolicyFrom } from './access-policy-from.ts'
import { durationMs } from './duration.ts'
import type { Fault } from './errors.ts'
import type { FunctionSpec } from './function-spec.ts'
import { annotationsLetThrough, labelsLetThrough, type Warn } from './let-through.ts'
import { quote } from './quote.ts'
import { type ScaleDefaults, scaleSpec } from './scale-spec-from.ts'
import { scheduleFrom, TIMEZONE_ANNOTATION } from './schedule-from.ts'
import type { StackFunction } from './stack.ts'

/** What a cloud gives a function that asks for nothing, and the most it gives to one that asks. */
export interface SpecDefaults {
  memoryMiB: number
  cpuMillis: number
  processes: number
  scale: ScaleDefaults
  healthPath: string
  responseMs: number
  idleMs: number
  most: { memoryMiB: number; cpuMillis: number; replicas: number; responseMs: number; idleMs: number }
  /** Annotations that are let through; one that ends in `/` stands for all that begin with it. */
  annotations: readonly string[]
}

/** OpenFaaS Cloud's defaults, where it has any. */
export const SPEC_DEFAULTS: SpecDefaults = {
  memoryMiB: 128,
  cpuMillis: 1000,
  processes: 128,
  scale: {
    min: 1,
    max: 4,
    target: 50,
    targetProportion: 0.9,
    zero: true,
    pauseAfterMs: 5 * 60_000,
    stopAfterMs: 30 * 60_000,
  },
  healthPath: '/_/health',
  responseMs: 60_000,
  idleMs: 60_000,
  most: { memoryMiB: 1024, cpuMillis: 2000, replicas: 20, responseMs: 600_000, idleMs: 600_000 },
  annotations: [
    'topic',
    'schedule',
    'auth',
    'com.openfaas.health.http.path',
    'com.openfaas.health.http.initialDelay',
    'pushfn.cloud/',
  ],
}

/**
 * A stack's function made definite. What cannot be had as asked (too much memory, an annotation that is not let through,
 * a time-out that is none) becomes what can be had, with a warning at its place: the deploy goes on. Variables of files
 * win over those of the stack, as with OpenFaaS; `fprocess` is one more variable, as its watchdogs read it.
 */
export const functionSpec = (
  fn: StackFunction,
  environmentFromFiles: Readonly<Record<string, string>>,
  defaults: SpecDefaults,
  file = 'stack.yml',
): { spec: FunctionSpec; warnings: Fault[] } => {
  const warnings: Fault[] = []
  const warn: Warn = (key, message) => {
    const place = fn.places[key.split('.')[0] ?? ''] ?? fn.place
    const dotted = `functions.${fn.name}.${key}`
    warnings.push({ message: `${dotted} ${message}`, place: { file, ...place, key: dotted } })
  }
  const environment = { ...fn.environment, ...environmentFromFiles, ...(fn.fprocess && { fprocess: fn.fprocess }) }
  const annotations = annotationsLetThrough(fn, defaults.annotations, warn)
  const { most } = defaults
  const spec: FunctionSpec = {
    environment,
    secrets: fn.secrets,
    sealed: {},
    labels: labelsLetThrough(fn, warn),
    annotations,
    memoryMiB: amount(fn, 'memoryMiB', defaults, (given) => {
      warn('limits.memory', `is ${given} MiB, but a function may have ${most.memoryMiB} MiB here: it gets those`)
    }),
    cpuMillis: amount(fn, 'cpuMillis', defaults, (given) => {
      warn('limits.cpu', `is ${given}m, but a function may have ${most.cpuMillis}m here: it gets those`)
    }),
    processes: defaults.processes,
    isRootReadOnly: fn.isRootReadOnly ?? true,
    scale: scaleSpec({ labels: fn.labels, annotations, defaults: defaults.scale, mostReplicas: most.replicas }, warn),
    health: health(annotations, defaults, warn),
    timeouts: { ...timeouts(environment, defaults, warn), answerMs: answerLimit(annotations, warn) },
    access: accessPolicyFrom(fn.annotations).policy,
    schedule: schedule(annotations, warn),
  }
  return { spec, warnings }
}

/** What the limit says; a request alone may raise the default, never lower it. */
const amount = (
  { limits, requests }: StackFunction,
  unit: 'memoryMiB' | 'cpuMillis',
  defaults: SpecDefaults,
  tooMuch: (given: number) => void,
): number => {
  const given = limits[unit] ?? Math.max(requests[unit] ?? 0, defaults[unit])
  if (given > defaults.most[unit]) tooMuch(given)
  return Math.min(given, defaults.most[unit])
}

const health = (annotations: Readonly<Record<string, string>>, defaults: SpecDefaults, warn: Warn) => {
  const written = annotations['com.openfaas.health.http.path']
  const isPath = written !== undefined && /^\/[\x21-\x7e]{0,255}$/.test(written)
  if (written !== undefined && !isPath) {
    const key = 'annotations.com.openfaas.health.http.path'
    warn(key, `must be a path that begins with “/”, but is ${quote(written)}: it is ${defaults.healthPath}`)
  }
  const key = 'com.openfaas.health.http.initialDelay'
  const initialDelayMs = duration(
    annotations[key],
    { key: `annotations.${key}`, fallback: 0, most: MAX_DELAY_MS },
    warn,
  )
  return { path: isPath ? written : defaults.healthPath, initialDelayMs }
}

/** A readiness check that waits longer than this is a deploy that hangs. */
const MAX_DELAY_MS = 120_000

/** The watchdogs' own variables. There, no time is no limit; here, it is the most there is. */
const timeouts = (
  environment: Readonly<Record<string, string>>,
  { responseMs, idleMs, most }: SpecDefaults,
  warn: Warn,
) => {
  const read = (name: string, fallback: number, longest: number): number => {
    const written = Object.hasOwn(environment, name) ? environment[name] : undefined
    const key = `environment.${name}`
    return duration(written || undefined, { key, fallback, most: longest }, warn) || longest
  }
  return {
    responseMs: read('exec_timeout', responseMs, most.responseMs),
    idleMs: Math.max(read('read_timeout', idleMs, most.idleMs), read('write_timeout', idleMs, most.idleMs)),
  }
}

const ANSWER_WITHIN = 'pushfn.cloud/answer-within'

/** How long an answer may last in all. A limit that cannot be read is none, since none is what streams need. */
const answerLimit = (annotations: Readonly<Record<string, string>>, warn: Warn): number | null => {
  const written = Object.hasOwn(annotations, ANSWER_WITHIN) ? annotations[ANSWER_WITHIN] : undefined
  if (written === undefined) return null
  const given = durationMs(written)
  if (given) return given
  warn(`annotations.${ANSWER_WITHIN}`, `must be a time above 0, as in 10m, but is ${quote(written)}: there is no limit`)
  return null
}

const duration = (
  written: string | undefined,
  { key, fallback, most }: { key: string; fallback: number; most: number },
  warn: Warn,
): number => {
  if (written === undefined) return fallback
  const given = durationMs(written)
  if (given === undefined) {
    warn(key, `must be a time, as in 30s or 1m30s, but is ${quote(written)}: it is ${fallback / 1000}s`)
    return fallback
  }
  if (given > most) warn(key, `is ${quote(written)}, but may be ${most / 1000}s here: it is that`)
  return Math.min(given, most)
}

/** What is wrong in a schedule was refused with the stack; what a cloud does not let through makes none. */
const schedule = (annotations: Readonly<Record<string, string>>, warn: Warn): FunctionSpec['schedule'] => {
  const found = scheduleFrom(annotations)
  if ('schedule' in found && found.schedule) return found.schedule
  for (const key of ['schedule', TIMEZONE_ANNOTATION]) {
    if (Object.hasOwn(annotations, key)) warn(`annotations.${key}`, 'is passed over without “topic: cron-function”')
  }
  return null
}
