import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { apiModule } from './api.module.ts'
import { addSecurityHeaders } from './console/security-headers.ts'
import type { ApiContext } from './context.ts'
import { ProblemFilter } from './problem.filter.ts'

/** GitHub's own limit for a webhook: 25 MiB. */
const MAX_WEBHOOK_BYTES = 26_214_400
const MAX_API_BYTES = 1_048_576

/** The api's HTTP server, listening. Webhooks come as raw bytes, Git as a stream, the API as parsed JSON. */
export const startHttpServer = async (context: ApiContext): Promise<NestFastifyApplication> => {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_WEBHOOK_BYTES,
    forceCloseConnections: 'idle',
    trustProxy: 'loopback',
  })
  const fastify = adapter.getInstance()
  addSecurityHeaders(fastify, context.config.consoleUrl)
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.url.startsWith('/webhooks/')) return done(null, body)
    if (body.length > MAX_API_BYTES) return done(Object.assign(new Error('too large'), { statusCode: 413 }))
    if (body.length === 0) return done(null, undefined)
    try {
      done(null, JSON.parse(body.toString('utf8')))
    } catch {
      done(Object.assign(new Error('the body is no JSON'), { statusCode: 400 }))
    }
  })
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
