import { Body, Controller, Delete, Get, Inject, Post, Put } from '@nestjs/common'
import {
  AllowedTenantView,
  FunctionList,
  NewAllowedTenant,
  NewTenant,
  NewTenantView,
  TenantLimits,
  TenantLimitsView,
} from '@pushfn/model/api'
import { channels } from '@pushfn/store/bus'
import { allowTenant, createBuiltinTenant, limitsOf, setTenantLimits, type Tenant } from '@pushfn/store/tenants'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { parseInput } from './parse-input.ts'
import { listFunctions } from './views.ts'

@Controller('api/v1')
export class TenantsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post('tenants')
  async create(@Body() body: unknown): Promise<NewTenantView> {
    const { slug } = parseInput(NewTenant, body)
    const { tenant, isNew } = await createBuiltinTenant(this.#context.db, slug)
    return NewTenantView.parse({ slug: tenant.slug, isNew })
  }

  @Post('allowed-tenants')
  async allow(@Body() body: unknown): Promise<AllowedTenantView> {
    const { forge, login } = parseInput(NewAllowedTenant, body)
    await allowTenant(this.#context.db, forge, login)
    return AllowedTenantView.parse({ forge, login })
  }

  @Get('tenants/:tenant/limits')
  async limits(@OfTenant() tenant: Tenant): Promise<TenantLimitsView> {
    return TenantLimitsView.parse({ limits: limitsOf(tenant) })
  }

  @Put('tenants/:tenant/limits')
  async setLimits(@OfTenant() tenant: Tenant, @Body() body: unknown): Promise<TenantLimitsView> {
    const limits = parseInput(TenantLimits, body)
    await this.#changeLimits(tenant.id, limits)
    return TenantLimitsView.parse({ limits })
  }

  /** The tenant has the cloud's own limits again. */
  @Delete('tenants/:tenant/limits')
  async removeLimits(@OfTenant() tenant: Tenant): Promise<TenantLimitsView> {
    await this.#changeLimits(tenant.id, null)
    return TenantLimitsView.parse({ limits: null })
  }

  async #changeLimits(tenantId: string, limits: TenantLimits | null): Promise<void> {
    const { db, bus, config } = this.#context
    const functions = await setTenantLimits(db, tenantId, limits)
    await Promise.all(functions.map((id) => bus.publish(channels(config.cloud).functionWanted, id)))
  }

  @Get('tenants/:tenant/functions')
  async functions(@OfTenant() tenant: Tenant) {
    return FunctionList.parse({ items: await listFunctions(this.#context, tenant) })
  }
}
