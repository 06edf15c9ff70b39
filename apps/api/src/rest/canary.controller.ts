import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common'
import { CanaryChange, type CanaryView, NewCanary } from '@pushfn/model/api-canaries'
import { ChoiceList } from '@pushfn/model/api-revisions'
import { AppError } from '@pushfn/model/errors'
import { FunctionName } from '@pushfn/model/names'
import { channels } from '@pushfn/store/bus'
import { changeCanary, promoteCanary, returnCanary, startCanary } from '@pushfn/store/canaries'
import { lastCanary } from '@pushfn/store/canary-rows'
import type { Tenant } from '@pushfn/store/tenants'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { canaryView, planOf, targetOf } from './canary-views.ts'
import { parseInput } from './parse-input.ts'
import { settleChoices } from './settle-choices.ts'

type Named = { tenantId: string; name: string }

/** Trying a revision on a part of the calls of what is live. */
@Controller('api/v1/tenants/:tenant/functions/:function/canary')
export class CanaryController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get()
  async show(@OfTenant() tenant: Tenant, @Param('function') name: string): Promise<CanaryView> {
    return this.#view(await this.#functionOf(tenant, name))
  }

  @Post()
  @HttpCode(202)
  async start(@OfTenant() tenant: Tenant, @Param('function') name: string, @Body() body: unknown): Promise<CanaryView> {
    const of = await this.#functionOf(tenant, name)
    const wanted = parseInput(NewCanary, body)
    return this.#after(of, startCanary(this.#context.db, of, targetOf(wanted), planOf(wanted)))
  }

  @Patch()
  async change(
    @OfTenant() tenant: Tenant,
    @Param('function') name: string,
    @Body() body: unknown,
  ): Promise<CanaryView> {
    const of = await this.#functionOf(tenant, name)
    const { weight } = parseInput(CanaryChange, body)
    return this.#after(of, changeCanary(this.#context.db, of, weight))
  }

  @Delete()
  async takeBack(@OfTenant() tenant: Tenant, @Param('function') name: string): Promise<CanaryView> {
    const of = await this.#functionOf(tenant, name)
    return this.#after(of, returnCanary(this.#context.db, of))
  }

  @Post('promote')
  @HttpCode(200)
  async promote(@OfTenant() tenant: Tenant, @Param('function') name: string): Promise<ChoiceList> {
    const of = await this.#functionOf(tenant, name)
    const items = await settleChoices(this.#context, async () => [await promoteCanary(this.#context.db, of)])
    return ChoiceList.parse({ items })
  }

  async #after(of: Named, changed: Promise<string>): Promise<CanaryView> {
    void this.#context.bus.publish(channels(this.#context.config.cloud).functionWanted, await changed)
    return this.#view(of)
  }

  async #view(of: Named): Promise<CanaryView> {
    const canary = await lastCanary(this.#context.db, of)
    if (canary) return canaryView(this.#context, canary)
    throw new AppError('NOT_FOUND', 'no canary', { hint: 'you have no function of that name here that had a canary' })
  }

  async #functionOf(tenant: Tenant, name: string): Promise<Named> {
    if (FunctionName.safeParse(name).success) return { tenantId: tenant.id, name }
    throw new AppError('NOT_FOUND', 'no such function', { hint: 'you have no function of that name here' })
  }
}
