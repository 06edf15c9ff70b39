import { AccessPolicy, type CorsPolicy, type RateLimits } from './access-policy.ts'
import { durationMs } from './duration.ts'
import { nearest } from './nearest.ts'
import { memoryBytes } from './quantities.ts'
import { quote } from './quote.ts'

/** What is wrong with one annotation; the message follows the annotation's name. */
export interface AnnotationProblem {
  key: string
  message: string
}

const PREFIX = 'pushfn.cloud/'
const KEYS = {
  origins: `${PREFIX}cors-origins`,
  methods: `${PREFIX}cors-methods`,
  headers: `${PREFIX}cors-headers`,
  exposedHeaders: `${PREFIX}cors-exposed-headers`,
  credentials: `${PREFIX}cors-credentials`,
  maxAge: `${PREFIX}cors-max-age`,
  requestsPerSecond: `${PREFIX}requests-per-second`,
  burst: `${PREFIX}burst`,
  concurrentRequests: `${PREFIX}concurrent-requests`,
  maxBody: `${PREFIX}max-body`,
  maxHeaders: `${PREFIX}max-headers`,
} as const

/**
 * Who may call a function, from where and how much, by its annotations. Unlike what a function can do without, nothing
 * here is passed over with a warning: a value that cannot be read, or a name that is a slip away from one of these, is a
 * problem, so that no function is open, or without its limit, by a typo.
 */
export const accessPolicyFrom = (
  annotations: Readonly<Record<string, string>>,
): { policy: AccessPolicy; problems: AnnotationProblem[] } => {
  const problems = slips(annotations)
  const read: Read = (key, parse, wanted) => {
    const written = Object.hasOwn(annotations, key) ? annotations[key] : undefined
    if (written === undefined) return undefined
    const value = parse(written)
    if (value === undefined) problems.push({ key, message: `must be ${wanted}, but is ${quote(written)}` })
    return value
  }
  const auth = read('auth', (text) => (text === 'token' ? text : undefined), '“token”, or not there at all')
  const policy = {
    auth: auth ?? 'none',
    cors: cors(read, annotations, problems),
    limits: limits(read, annotations, problems),
    maxBodyBytes: read(KEYS.maxBody, atLeast(1, memoryBytes), 'an amount of bytes, as in 10Mi') ?? null,
    maxHeaderBytes:
      read(KEYS.maxHeaders, atLeast(256, memoryBytes), 'an amount of bytes from 256 on, as in 8Ki') ?? null,
  }
  return { policy: AccessPolicy.parse(policy), problems }
}

type Read = <Value>(key: string, parse: (text: string) => Value | undefined, wanted: string) => Value | undefined

const limits = (
  read: Read,
  annotations: Readonly<Record<string, string>>,
  problems: AnnotationProblem[],
): RateLimits => {
  const requestsPerSecond = read(KEYS.requestsPerSecond, rate, 'a number of requests above 0, as in 50 or 0.5')
  const burst = read(KEYS.burst, count, 'a whole number of requests, as in 100')
  const concurrentRequests = read(KEYS.concurrentRequests, count, 'a whole number of requests, as in 20')
  if (burst !== undefined && !Object.hasOwn(annotations, KEYS.requestsPerSecond)) {
    problems.push({ key: KEYS.burst, message: `means nothing without ${KEYS.requestsPerSecond}: add it` })
  }
  return {
    requestsPerSecond: requestsPerSecond ?? null,
    burst: burst ?? null,
    concurrentRequests: concurrentRequests ?? null,
  }
}

const cors = (
  read: Read,
  annotations: Readonly<Record<string, string>>,
  problems: AnnotationProblem[],
): CorsPolicy | null => {
  const origins = read(KEYS.origins, originList, '“*”, or origins with commas, as in https://app.example.com')
  const methods = read(KEYS.methods, listOf(METHOD), '“*”, or methods with commas, as in GET, POST')
  const headers = read(KEYS.headers, listOf(FIELD_NAME), '“*”, or names of headers with commas')
  const exposedHeaders = read(KEYS.exposedHeaders, listOf(FIELD_NAME), '“*”, or names of headers with commas')
  const areCredentialsAllowed = read(KEYS.credentials, truth, '“true” or “false”') ?? false
  const maxAgeMs = read(KEYS.maxAge, durationMs, 'a time, as in 10m')
  if (!Object.hasOwn(annotations, KEYS.origins)) {
    const [lost] = CORS_DETAILS.filter((key) => Object.hasOwn(annotations, key))
    if (lost) problems.push({ key: lost, message: `means nothing without ${KEYS.origins}: add it` })
    return null
  }
  if (areCredentialsAllowed) {
    const lists = { origins, methods, headers, exposedHeaders }
    for (const [name, list] of Object.entries(lists)) {
      if (!list?.includes('*')) continue
      // Every site of the world could act in the name of whoever is signed in; browsers refuse the combination too.
      // The names of the lists are names of keys.
      const key = KEYS[name as keyof typeof lists]
      problems.push({ key, message: `may not be “*” beside ${KEYS.credentials}: name them` })
    }
  }
  if (!origins) return null
  return {
    origins,
    methods: methods ?? ['GET', 'HEAD', 'POST'],
    headers: (headers ?? ['authorization', 'content-type']).map((name) => name.toLowerCase()),
    exposedHeaders: exposedHeaders ?? [],
    areCredentialsAllowed,
    maxAgeSeconds: Math.floor((maxAgeMs ?? DEFAULT_MAX_AGE_MS) / 1000),
  }
}

const DEFAULT_MAX_AGE_MS = 600_000

const CORS_DETAILS = [KEYS.methods, KEYS.headers, KEYS.exposedHeaders, KEYS.credentials, KEYS.maxAge]

/** Names that mean nothing, but are a slip away from one that closes something. */
const slips = (annotations: Readonly<Record<string, string>>): AnnotationProblem[] => {
  const known: readonly string[] = Object.values(KEYS)
  return Object.entries(annotations).flatMap(([key, value]) => {
    if (key === 'auth' || known.includes(key)) return []
    const name = key.slice(key.indexOf('/') + 1).toLowerCase()
    // Whatever such a key is called, a value of “token” can hardly be meant for anything else.
    if (name === 'auth' || (value === 'token' && nearest(name, ['auth']))) {
      return [{ key, message: 'is not known: did you mean “auth”?' }]
    }
    const meant = key.startsWith(PREFIX) ? nearest(key, known) : undefined
    return meant ? [{ key, message: `is not known: did you mean “${meant}”?` }] : []
  })
}

/** A few of a thousandth are asked for by nobody; a limit above a million is none. */
const rate = (text: string): number | undefined => {
  const value = /^\d{1,7}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0
  return value > 0 && value <= MOST_REQUESTS ? value : undefined
}

const count = (text: string): number | undefined => {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0
  return value > 0 && value <= MOST_REQUESTS ? value : undefined
}

const MOST_REQUESTS = 1_000_000

const truth = (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined)

const atLeast =
  (least: number, parse: (text: string) => number | undefined) =>
  (text: string): number | undefined => {
    const value = parse(text)
    return value === undefined || value < least ? undefined : value
  }

/** `*` alone, or what fits the pattern, with commas. */
const listOf =
  (pattern: RegExp) =>
  (text: string): string[] | undefined => {
    const items = text.split(',').map((item) => item.trim())
    if (items.length > MAX_ITEMS) return undefined
    if (items.length === 1 && items[0] === '*') return ['*']
    return items.every((item) => item !== '*' && pattern.test(item)) ? items : undefined
  }

const MAX_ITEMS = 100
/** RFC 9110 §5.6.2: what methods and names of fields are made of. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]{1,100}$/
/** Methods are case-sensitive, and a browser sends them in upper case. */
const METHOD = /^[A-Z][A-Z-]{0,31}$/

/** Origins in the very form in which browsers send them: otherwise they would never match. `null` is everybody's. */
const originList = (text: string): string[] | undefined => {
  const items = listOf(/^https?:\/\/[^/*]+$/)(text)
  return items?.every((item) => item === '*' || isOrigin(item)) ? items : undefined
}

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text
