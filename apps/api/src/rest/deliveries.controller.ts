import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common'
import { DeliveriesQuery, DeliveryPage, DeliveryView } from '@pushfn/model/delivery'
import { AppError } from '@pushfn/model/errors'
import { type LedgerEntry, type LedgerFilter, ledgerEntry, ledgerPage } from '@pushfn/store/ledger'
import type { Tenant } from '@pushfn/store/tenants'
import { z } from 'zod'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { replay } from '../webhooks/replay.ts'
import { deliveryView } from './delivery-view.ts'
import { parseInput } from './parse-input.ts'

/** The ledger of deliveries: each tenant's own, and to operators everybody's. */
@Controller('api/v1')
export class DeliveriesController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('tenants/:tenant/deliveries')
  async list(@OfTenant() tenant: Tenant, @Query() query: unknown) {
    return this.#page(query, tenant)
  }

  @Get('tenants/:tenant/deliveries/:id')
  async show(@OfTenant() tenant: Tenant, @Param('id') id: string) {
    return DeliveryView.parse(deliveryView(await this.#entry(id, tenant), tenant))
  }

  @Post('tenants/:tenant/deliveries/:id/replay')
  @HttpCode(200)
  async replay(@OfTenant() tenant: Tenant, @Param('id') id: string) {
    return this.#replay(id, tenant)
  }

  @Get('deliveries')
  async listAll(@Query() query: unknown) {
    return this.#page(query)
  }

  @Get('deliveries/:id')
  async showAny(@Param('id') id: string) {
    return DeliveryView.parse(deliveryView(await this.#entry(id)))
  }

  @Post('deliveries/:id/replay')
  @HttpCode(200)
  async replayAny(@Param('id') id: string) {
    return this.#replay(id)
  }

  async #page(query: unknown, tenant?: Tenant): Promise<DeliveryPage> {
    const { limit, before, ...filter } = parseInput(DeliveriesQuery, query)
    const page = { limit: limit + 1, ...(before && { before }) }
    const rows = await ledgerPage(this.#context.db, { ...filter, ...ownOf(tenant) }, page)
    const items = rows.slice(0, limit).map((row) => deliveryView(row, tenant))
    return DeliveryPage.parse({ items, next: rows.length > limit ? items.at(-1)?.id : null })
  }

  async #entry(id: string, tenant?: Tenant): Promise<LedgerEntry> {
    const isId = z.uuid().safeParse(id).success
    const entry = isId ? await ledgerEntry(this.#context.db, id, ownOf(tenant).account) : undefined
    if (entry) return entry
    throw new AppError('NOT_FOUND', 'no such delivery', {
      hint: 'there is no such delivery for you: it may be older than deliveries are kept',
    })
  }

  async #replay(id: string, tenant?: Tenant): Promise<DeliveryView> {
    const { entryId } = await this.#entry(id, tenant)
    await replay(this.#context, entryId)
    return DeliveryView.parse(deliveryView(await this.#entry(entryId, tenant), tenant))
  }
}

/** A tenant's deliveries are those of its forge account, also from before it was a tenant. */
const ownOf = (tenant: Tenant | undefined): Pick<LedgerFilter, 'account'> =>
  tenant ? { account: { forge: tenant.forge, forgeAccountId: tenant.forgeAccountId } } : {}
