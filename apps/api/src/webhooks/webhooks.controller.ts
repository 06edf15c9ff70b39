import { Controller, Headers, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { parseInput } from '../rest/parse-input.ts'
import { HookQuery } from './hook-query.ts'
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
    @Query() query: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
  ): Promise<WebhookAnswer> {
    // The body parser of this path hands over the raw bytes: see http-server.ts.
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const { repository } = parseInput(HookQuery, query)
    return receiveWebhook(this.#context, forge, { headers, body, ...(repository && { repositoryId: repository }) })
  }
}
