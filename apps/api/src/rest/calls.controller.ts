import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common'
import { CallbackKey, DeadLetterList, isCallId, ReplayedCall } from '@pushfn/model/async-call'
import { AppError } from '@pushfn/model/errors'
import { FunctionName } from '@pushfn/model/names'
import { callbackKey } from '@pushfn/store/calls/callback-key'
import { deadLetters, removeDeadLetter, replayDeadLetter } from '@pushfn/store/calls/dead-letters'
import type { FunctionOf } from '@pushfn/store/calls/schedules'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { requireTenant } from './access.ts'

/** Dead letters told at once; more are there when the oldest of these are gone. */
const MOST = 100

/** Async calls that died, and the key by which a tenant knows its callbacks. */
@Controller('api/v1/tenants/:tenant')
export class CallsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('functions/:function/dead-letters')
  async list(@Req() request: FastifyRequest, @Param('tenant') slug: string, @Param('function') name: string) {
    const of = await this.#functionOf(request, slug, name)
    return DeadLetterList.parse({ items: await deadLetters(this.#context.calls, of, MOST) })
  }

  @Post('functions/:function/dead-letters/:id/replay')
  @HttpCode(202)
  async replay(
    @Req() request: FastifyRequest,
    @Param('tenant') slug: string,
    @Param('function') name: string,
    @Param('id') id: string,
  ) {
    const of = await this.#functionOf(request, slug, name)
    if (!isCallId(id) || !(await replayDeadLetter(this.#context.calls, of, id))) throw noSuchLetter()
    return ReplayedCall.parse({ id })
  }

  @Delete('functions/:function/dead-letters/:id')
  @HttpCode(204)
  async remove(
    @Req() request: FastifyRequest,
    @Param('tenant') slug: string,
    @Param('function') name: string,
    @Param('id') id: string,
  ) {
    const of = await this.#functionOf(request, slug, name)
    if (!isCallId(id) || !(await removeDeadLetter(this.#context.calls, of, id))) throw noSuchLetter()
  }

  @Get('callback-key')
  async key(@Req() request: FastifyRequest, @Param('tenant') slug: string) {
    const tenant = await requireTenant(this.#context, request, slug)
    return CallbackKey.parse({ key: callbackKey(this.#context.config.secret.reveal(), tenant.slug) })
  }

  /** A function that was removed may still have dead letters: only its name is asked for. */
  async #functionOf(request: FastifyRequest, slug: string, name: string): Promise<FunctionOf> {
    const tenant = await requireTenant(this.#context, request, slug)
    if (FunctionName.safeParse(name).success) return { tenant: tenant.slug, function: name }
    throw new AppError('NOT_FOUND', 'no such function', { hint: 'there is no such function: a name is a DNS label' })
  }
}

const noSuchLetter = (): AppError =>
  new AppError('NOT_FOUND', 'no such dead letter', {
    hint: 'there is no dead call of this id: it was run again, removed, or is older than dead calls are kept',
  })
