import { Problem } from '@pushfn/model/api'
import type { z } from 'zod'

/** An answer of the api that is no success: what it says is for people. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number

  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

const LIMIT_MS = 15_000

/** Asks the api as the signed-in tenant. Throws ProblemError, also when the api cannot be reached (status 0). */
export const callApi = async <Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  init: { method?: string; body?: unknown; signal?: AbortSignal; limitMs?: number } = {},
): Promise<z.infer<Schema>> => {
  const response = await send(path, init)
  return schema.parse(response.status === 204 ? undefined : await response.json())
}

const send = async (
  path: string,
  {
    method = 'GET',
    body,
    signal,
    limitMs = LIMIT_MS,
  }: { method?: string; body?: unknown; signal?: AbortSignal; limitMs?: number },
): Promise<Response> => {
  const limit = AbortSignal.timeout(limitMs)
  const response = await fetch(path, {
    method,
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  }).catch((err: unknown) => {
    if (signal?.aborted) throw err
    throw new ProblemError(0, 'The cloud does not answer. Trying again …')
  })
  if (response.ok) return response
  const problem = Problem.safeParse(await response.json().catch(() => undefined))
  throw new ProblemError(
    response.status,
    problem.success ? problem.data.detail : `The cloud answered ${response.status}.`,
  )
}
