import { Controller, Headers, HttpCode, Inject, Param, Post, Req } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { receiveWebhook, type WebhookAnswer } from './receive.ts'

@Controller('webhooks')
export class WebhooksController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post(':forge')
  @HttpCode(202)
  receive(
    @Param('forge') forge: string,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
  ): Promise<WebhookAnswer> {
    // The body parser of this path hands over the raw bytes: see http-server.ts.
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    return receiveWebhook(this.#context, forge, { headers, body })
  }
}
