import { createHash } from 'node:crypto'
import { Controller, Get, Inject, type OnModuleInit, Req, Res } from '@nestjs/common'
import { version } from '@pushfn/kit/version'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { openApiDocument } from './document.ts'

/** The REST API's own document, for anybody: there is nothing of anybody in it. */
@Controller('api/v1')
export class OpenApiController implements OnModuleInit {
  readonly #context: ApiContext
  #body = ''
  #etag = ''

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  /** It is made once: it changes with what runs here alone. */
  async onModuleInit(): Promise<void> {
    const serverUrl = new URL('/api/v1', this.#context.config.consoleUrl).href
    this.#body = JSON.stringify(openApiDocument({ version: await version(), serverUrl }))
    this.#etag = `"${createHash('sha256').update(this.#body).digest('base64url')}"`
  }

  @Get('openapi.json')
  show(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    reply.headers({ 'cache-control': 'public, max-age=300', etag: this.#etag })
    if (request.headers['if-none-match'] === this.#etag) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(this.#body)
  }
}
