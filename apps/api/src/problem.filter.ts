import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common'
import type { Log } from '@pushfn/kit/log'
import { AppError, type ErrorCode, toAppError } from '@pushfn/model/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { gitProblem } from './git/serve-git.ts'

/** Every error an API client can get, as problem+json (RFC 9457): the code, and the hint, never the message. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    answerProblem(this.#log, thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>())
  }
}

/** Also for what goes wrong before there is a route, of which Nest hears nothing. */
export const answerProblem = (log: Log, thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
  const error = asAppError(thrown)
  // A flood is not told line by line at the level that wakes somebody.
  if (error.code === 'BUSY') log.warn({ path: pathOf(request) }, error.message)
  else if (error.status >= 500) log.error({ err: thrown, path: pathOf(request) }, 'a request failed')
  if (reply.sent || reply.raw.headersSent) return
  if (request.url.startsWith('/git/')) {
    const problem = gitProblem(error)
    reply.code(problem.status).headers(problem.headers).send(problem.body)
    return
  }
  // Fastify closes under whoever is still sending, and TCP then takes the answer away: read-body.ts reads on instead.
  reply.removeHeader('connection')
  if (error.code === 'BUSY') reply.header('retry-after', RETRY_AFTER_SECONDS)
  reply
    .code(error.status)
    .type('application/problem+json')
    .send({
      type: 'about:blank',
      status: error.status,
      title: error.code,
      detail: error.hint ?? 'the request failed',
      ...(error.faults.length > 0 && { faults: error.faults }),
    })
}

/** As long as a forge waits for one answer: what makes the api busy is over then. */
const RETRY_AFTER_SECONDS = 10

const CODES: Readonly<Record<number, ErrorCode>> = { 400: 'BAD_REQUEST', 404: 'NOT_FOUND', 413: 'TOO_LARGE' }

/** What Nest and Fastify throw themselves has a status; all else is ours, or a fault of ours. */
const asAppError = (thrown: unknown): AppError => {
  if (thrown instanceof AppError) return thrown
  const status =
    thrown instanceof HttpException
      ? thrown.getStatus()
      : thrown instanceof Error && 'statusCode' in thrown
        ? Number(thrown.statusCode)
        : 500
  const code = CODES[status] ?? (status >= 400 && status < 500 ? 'BAD_REQUEST' : undefined)
  if (!code) return toAppError(thrown)
  const message = thrown instanceof Error ? thrown.message : 'refused'
  return new AppError(code, message, { hint: message, cause: thrown })
}

/** The path without its query, in which somebody may have put a token, and without the one that a build hook's path is. */
const pathOf = (request: FastifyRequest): string => (request.url.split('?')[0] ?? '').replace(/^(\/+hooks\/+).*/, '$1…')
