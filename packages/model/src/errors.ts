/**
 * Every failure that somebody can do something about. `message` and `cause` are for operators and go to logs; `hint`
 * alone reaches tenants: it says what happened, where, and how to mend it.
 */
export const ERRORS = {
  /** The repository, its stack.yml or its code is wrong: trying again changes nothing. */
  STACK_INVALID: { status: 422, retryable: false },
  STACK_MISSING: { status: 422, retryable: false },
  /** Not wrong: there is nothing to build. */
  NOTHING_CHANGED: { status: 409, retryable: false },
  TEMPLATE_UNKNOWN: { status: 422, retryable: false },
  HANDLER_INVALID: { status: 422, retryable: false },
  CHECKOUT_REFUSED: { status: 422, retryable: false },
  FUNCTION_TAKEN: { status: 409, retryable: false },
  BUILD_FAILED: { status: 422, retryable: false },
  BUILD_LIMIT: { status: 422, retryable: false },
  NOT_READY: { status: 422, retryable: false },
  /** Something of the cloud or beyond it did not work: trying again may help. */
  CHECKOUT_FAILED: { status: 502, retryable: true },
  ENGINE_FAILED: { status: 503, retryable: true },
  FORGE_FAILED: { status: 502, retryable: true },
  DNS_FAILED: { status: 502, retryable: true },
  STORE_FAILED: { status: 503, retryable: true },
  INTERNAL: { status: 500, retryable: true },
  /** The run lost its right to go on. */
  CANCELLED: { status: 409, retryable: false },
  SUPERSEDED: { status: 409, retryable: false },
  LEASE_LOST: { status: 409, retryable: false },
  POISONED: { status: 500, retryable: false },
  /** Requests to the API. */
  BAD_REQUEST: { status: 400, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  CONFLICT: { status: 409, retryable: false },
  TOO_LARGE: { status: 413, retryable: false },
  BUSY: { status: 503, retryable: true },
  TOO_MANY: { status: 429, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>

export type ErrorCode = keyof typeof ERRORS

/** A place in the tenant's repository that an error is about. Lines and columns count from 1. */
export interface Place {
  file: string
  line?: number
  column?: number
  /** The key in a YAML file, dotted: `functions.hello.handler`. */
  key?: string
}

/** One fault at one place, as an annotation shows it. */
export interface Fault {
  message: string
  place?: Place
}

export interface AppErrorOptions {
  /** For the tenant: what happened, where, and how to mend it. */
  hint?: string
  cause?: unknown
  /** The function the error is about, when it is about one. */
  function?: string
  /** Every fault found, for annotations; the hint speaks of the first. */
  faults?: readonly Fault[]
}

export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly function: string | undefined
  readonly faults: readonly Fault[]

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.function = options.function
    this.faults = options.faults ?? []
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get isRetryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** `stack.yml:3:5 functions.hello.lang` */
export const placeText = (place: Place): string => {
  const at = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':')
  return place.key ? `${at} ${place.key}` : at
}

/** The place and what is wrong there; the key once only, where the message names it too. */
export const faultText = ({ message, place }: Fault): string => {
  if (!place) return message
  const { key, ...position } = place
  return `${placeText(key && message.startsWith(key) ? position : place)}: ${message}`
}

/** Anything thrown, as an AppError: what is not one already is INTERNAL and tells the tenant nothing of itself. */
export const toAppError = (thrown: unknown): AppError => {
  if (thrown instanceof AppError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError('INTERNAL', message, {
    cause: thrown,
    hint: 'something went wrong in the cloud; the operators have been told',
  })
}
