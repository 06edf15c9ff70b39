import { Readable } from 'node:stream'
import { Controller, Get, Inject, Query, Res } from '@nestjs/common'
import { AuditPage, AuditQuery, type AuditView } from '@pushfn/model/audit'
import { type AuditRow, auditPage } from '@pushfn/store/audit'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { parseInput } from '../rest/parse-input.ts'

const ROWS_AT_ONCE = 500

/** The audit trail: each tenant's own, and to operators everybody's. */
@Controller('api/v1')
export class AuditController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('tenants/:tenant/audit')
  async list(@OfTenant() tenant: Tenant, @Query() query: unknown): Promise<AuditPage> {
    return this.#page({ tenantId: tenant.id }, query)
  }

  @Get('tenants/:tenant/audit.ndjson')
  export(@OfTenant() tenant: Tenant, @Res() reply: FastifyReply) {
    return this.#send({ tenantId: tenant.id }, reply)
  }

  @Get('audit')
  async listAll(@Query() query: unknown): Promise<AuditPage> {
    return this.#page({}, query)
  }

  @Get('audit.ndjson')
  exportAll(@Res() reply: FastifyReply) {
    return this.#send({}, reply)
  }

  async #page(of: { tenantId?: string }, query: unknown): Promise<AuditPage> {
    const { limit, before } = parseInput(AuditQuery, query)
    const rows = await auditPage(this.#context.db, of, { limit: limit + 1, before })
    const items = rows.slice(0, limit).map(auditView)
    return AuditPage.parse({ items, next: rows.length > limit ? items.at(-1)?.id : null })
  }

  #send(of: { tenantId?: string }, reply: FastifyReply) {
    return reply.type('application/x-ndjson').send(Readable.from(this.#lines(of)))
  }

  async *#lines(of: { tenantId?: string }): AsyncGenerator<string> {
    for (let before: string | undefined; ; ) {
      const rows = await auditPage(this.#context.db, of, { limit: ROWS_AT_ONCE, before })
      if (rows.length > 0) yield rows.map((row) => `${JSON.stringify(auditView(row))}\n`).join('')
      before = rows.at(-1)?.id
      if (rows.length < ROWS_AT_ONCE) return
    }
  }
}

const auditView = ({ id, at, actor, action, tenant, subject, address }: AuditRow): AuditView => ({
  id,
  at: at.toISOString(),
  actor,
  action,
  tenant: tenant?.slug ?? null,
  subject: Subject.parse(subject),
  address,
})

const Subject = z.record(z.string(), z.string())
