import { Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { CallbackKey, DeadLetterList, isCallId, ReplayedCall } from '@pushfn/model/async-call'
import { AppError } from '@pushfn/model/errors'
import { FunctionName } from '@pushfn/model/names'
import { callbackKey } from '@pushfn/store/calls/callback-key'
import { deadLetters, removeDeadLetter, replayDeadLetter } from '@pushfn/store/calls/dead-letters'
import type { FunctionOf } from '@pushfn/store/calls/schedules'
import type { Tenant } from '@pushfn/store/tenants'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'

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
  async list(@OfTenant() tenant: Tenant, @Param('function') name: string) {
    const of = await this.#functionOf(tenant, name)
    return DeadLetterList.parse({ items: await deadLetters(this.#context.calls, of, MOST) })
  }

  @Post('functions/:function/dead-letters/:id/replay')
  @HttpCode(202)
  async replay(@OfTenant() tenant: Tenant, @Param('function') name: string, @Param('id') id: string) {
    const of = await this.#functionOf(tenant, name)
    if (!isCallId(id) || !(await replayDeadLetter(this.#context.calls, of, id))) throw noSuchLetter()
    return ReplayedCall.parse({ id })
  }

  @Delete('functions/:function/dead-letters/:id')
  @HttpCode(204)
  async remove(@OfTenant() tenant: Tenant, @Param('function') name: string, @Param('id') id: string) {
    const of = await this.#functionOf(tenant, name)
    if (!isCallId(id) || !(await removeDeadLetter(this.#context.calls, of, id))) throw noSuchLetter()
  }

  @Get('callback-key')
  async key(@OfTenant() tenant: Tenant) {
    return CallbackKey.parse({ key: callbackKey(this.#context.config.secret.reveal(), tenant.slug) })
  }

  /** A function that was removed may still have dead letters: only its name is asked for. */
  async #functionOf(tenant: Tenant, name: string): Promise<FunctionOf> {
    if (FunctionName.safeParse(name).success) return { tenant: tenant.slug, function: name }
    throw new AppError('NOT_FOUND', 'no such function', { hint: 'there is no such function: a name is a DNS label' })
  }
}

const noSuchLetter = (): AppError =>
  new AppError('NOT_FOUND', 'no such dead letter', {
    hint: 'there is no dead call of this id: it was run again, removed, or is older than dead calls are kept',
  })
