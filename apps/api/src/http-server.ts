import type { IncomingMessage } from 'node:http'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { AppError } from '@pushfn/model/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { apiModule } from './api.module.ts'
import { securityHeaders } from './console/security-headers.ts'
import type { ApiContext } from './context.ts'
import { answerProblem, ProblemFilter } from './problem.filter.ts'
import { readBody, throwAway } from './read-body.ts'
import { admitWebhooks, isWebhook } from './webhooks/admit.ts'

/** The largest call of the API is some kilobytes. */
const API_BODY = { maxBytes: 262_144, timeMs: 10_000 }

/** Node's own limit of a request's head: no path is longer. */
const MOST_HEADER_BYTES = 16_384

/** The api's HTTP server, listening. Webhooks come as raw bytes, Git as a stream, the API as parsed JSON. */
export const startHttpServer = async (context: ApiContext): Promise<NestFastifyApplication> => {
  const setSecurityHeaders = securityHeaders(context.config.consoleUrl)
  const adapter = new FastifyAdapter({
    forceCloseConnections: 'idle',
    trustProxy: 'loopback',
    // Domains are longer than its default, and what is too long is no name of anything: 404, as for all others.
    routerOptions: { maxParamLength: MOST_HEADER_BYTES },
    // Of a path that cannot be decoded: no hook runs for it.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      setSecurityHeaders(request, reply)
      answerProblem(context.log, error, request, reply)
    },
  })
  const fastify = adapter.getInstance()
  fastify.addHook('onRequest', async (request, reply) => setSecurityHeaders(request, reply))
  fastify.removeAllContentTypeParsers()
  const readWebhook = admitWebhooks(fastify, context)
  fastify.addContentTypeParser('*', async (request: FastifyRequest, body: IncomingMessage) => {
    if (isWebhook(request)) return readWebhook(request, body)
    // Whatever a build hook is sent beside its URL, it means nothing.
    if (request.url.startsWith('/hooks/')) return throwAway(body)
    return readJson(request, body)
  })
  // The set-up's form alone comes as one, and some forges' webhooks.
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    async (request: FastifyRequest, body: IncomingMessage) =>
      isWebhook(request) ? readWebhook(request, body) : readForm(request, body),
  )
  // Git reads and writes the sockets itself.
  for (const service of ['git-upload-pack', 'git-receive-pack']) {
    fastify.addContentTypeParser(`application/x-${service}-request`, (_request, payload, done) => done(null, payload))
  }
  const app = await NestFactory.create<NestFastifyApplication>(apiModule(context), adapter, {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  })
  app.useGlobalFilters(new ProblemFilter(context.log))
  await app.listen({ host: context.config.host, port: context.config.port })
  return app
}

const readForm = async (request: FastifyRequest, body: IncomingMessage): Promise<unknown> =>
  Object.fromEntries(
    new URLSearchParams((await readBody(body, request.headers['content-length'], API_BODY)).toString('utf8')),
  )

const readJson = async (request: FastifyRequest, body: IncomingMessage): Promise<unknown> => {
  const bytes = await readBody(body, request.headers['content-length'], API_BODY)
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'the body is no JSON', { cause, hint: 'the body is no JSON' })
  }
}
