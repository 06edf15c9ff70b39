import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'
import { Role } from './roles.ts'

/** A route of the REST API as its document tells of it; `apps/api/src/rest` serves it. */
export interface ApiRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`, with its parameters in braces: `/tenants/{tenant}/builds`. */
  path: string
  summary: string
  /**
   * A role: whoever has it, or a larger one, with the path's own tenant, and operators; `signed-in`: every tenant and
   * operators; `page`: the console's own page, signed in or not.
   */
  for: Role | 'operator' | 'signed-in' | 'page' | 'anybody'
  /** What `{id}` is; the other parameters mean the same in every path. */
  id?: z.ZodType
  query?: z.ZodObject
  headers?: z.ZodObject
  body?: z.ZodType
  isBodyOptional?: boolean
  /** By the status. */
  answers: Readonly<Record<number, ApiAnswer>>
  /** Beside what `errorsOf` says of all such routes. */
  errors?: readonly ErrorCode[]
}

/** Without a type there is no body, without a schema it is text. */
export interface ApiAnswer {
  type?: string
  schema?: z.ZodType
  /** Of a stream: what each message of it is. */
  messages?: z.ZodType
}

/** Keeps what the schema is, so that clients have its type. */
export const json = <Schema extends z.ZodType>(schema: Schema) =>
  ({ type: 'application/json', schema }) satisfies ApiAnswer
export const text: ApiAnswer = { type: 'text/plain' }
export const NOTHING: ApiAnswer = {}

/** A route's errors below 500; any route may meet one of the cloud itself. */
export const errorsOf = (route: ApiRoute): ErrorCode[] => {
  const changes = route.method !== 'GET'
  const isRead = changes || route.query !== undefined || route.path.includes('{')
  return [
    ...new Set<ErrorCode>([
      ...(isRead ? (['BAD_REQUEST'] as const) : []),
      ...(route.for === 'anybody' || route.for === 'page' ? [] : (['UNAUTHENTICATED'] as const)),
      // By cookie a change comes from the console's page alone; and a role may be too small.
      ...(changes || isForFew(route) ? (['FORBIDDEN'] as const) : []),
      ...(route.path.includes('{') ? (['NOT_FOUND'] as const) : []),
      ...(changes ? (['TOO_LARGE'] as const) : []),
      ...(route.errors ?? []),
    ]),
  ]
}

/** Not for everybody who is signed in as the tenant. */
const isForFew = ({ for: who }: ApiRoute): boolean =>
  who === 'operator' || (Role.options.some((role) => role === who) && who !== 'viewer')
