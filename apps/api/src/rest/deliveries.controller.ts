import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common'
import { DeliveriesQuery, DeliveryPage, DeliveryView } from '@pushfn/model/delivery'
import { AppError } from '@pushfn/model/errors'
import { type LedgerEntry, type LedgerFilter, ledgerEntry, ledgerPage } from '@pushfn/store/ledger'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type ApiContext, CONTEXT } from '../context.ts'
import { replay } from '../webhooks/replay.ts'
import { requireOperator, requireTenant } from './access.ts'
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
  async list(@Req() request: FastifyRequest, @Param('tenant') slug: string, @Query() query: unknown) {
    const tenant = await requireTenant(this.#context, request, slug)
    return this.#page(query, tenant)
  }

  @Get('tenants/:tenant/deliveries/:id')
  async show(@Req() request: FastifyRequest, @Param('tenant') slug: string, @Param('id') id: string) {
    const tenant = await requireTenant(this.#context, request, slug)
    return DeliveryView.parse(deliveryView(await this.#entry(id, tenant), tenant))
  }

  @Post('tenants/:tenant/deliveries/:id/replay')
  @HttpCode(200)
  async replay(@Req() request: FastifyRequest, @Param('tenant') slug: string, @Param('id') id: string) {
    const tenant = await requireTenant(this.#context, request, slug)
    return this.#replay(id, tenant)
  }

  @Get('deliveries')
  async listAll(@Req() request: FastifyRequest, @Query() query: unknown) {
    await requireOperator(this.#context, request)
    return this.#page(query)
  }

  @Get('deliveries/:id')
  async showAny(@Req() request: FastifyRequest, @Param('id') id: string) {
    await requireOperator(this.#context, request)
    return DeliveryView.parse(deliveryView(await this.#entry(id)))
  }

  @Post('deliveries/:id/replay')
  @HttpCode(200)
  async replayAny(@Req() request: FastifyRequest, @Param('id') id: string) {
    await requireOperator(this.#context, request)
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
