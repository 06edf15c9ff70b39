import { Controller, Get, Inject, type OnModuleDestroy, Param, Query, Req, Res } from '@nestjs/common'
import { BuildPage, BuildsQuery, BuildView } from '@pushfn/model/api'
import { buildsOf } from '@pushfn/store/build-list'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { callerOfRequest } from '../policy/policy.guard.ts'
import { requireBuild, requireTenantOfBuild } from './find.ts'
import { parseInput } from './parse-input.ts'
import { sendEvents } from './send-events.ts'
import { sendLog } from './send-log.ts'
import { StreamSlots } from './stream-slots.ts'
import { buildView } from './views.ts'

@Controller('api/v1')
export class BuildsController implements OnModuleDestroy {
  readonly #context: ApiContext
  readonly #stop = new AbortController()
  readonly #slots = new StreamSlots()

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  /** Live streams end when the process is asked to stop: browsers come back to the next one, where they were. */
  onModuleDestroy(): void {
    this.#stop.abort()
  }

  @Get('tenants/:tenant/builds')
  async list(@OfTenant() tenant: Tenant, @Query() query: unknown) {
    const { limit, before } = parseInput(BuildsQuery, query)
    const rows = await buildsOf(this.#context.db, tenant.id, { limit: limit + 1, ...(before && { before }) })
    const items = rows.slice(0, limit).map((row) => buildView(tenant, row))
    return BuildPage.parse({ items, next: rows.length > limit ? items.at(-1)?.id : null })
  }

  @Get('tenants/:tenant/builds/:id')
  async show(@OfTenant() tenant: Tenant, @Param('id') id: string) {
    return BuildView.parse(buildView(tenant, await requireBuild(this.#context, tenant, id)))
  }

  /** A build by its id alone, for whoever followed a link to it. */
  @Get('builds/:id')
  async find(@Req() request: FastifyRequest, @Param('id') id: string) {
    const tenant = await requireTenantOfBuild(this.#context, callerOfRequest(request), id)
    return BuildView.parse(buildView(tenant, await requireBuild(this.#context, tenant, id)))
  }

  @Get('tenants/:tenant/builds/:id/events')
  async events(
    @Req() request: FastifyRequest,
    @OfTenant() tenant: Tenant,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ) {
    const build = await requireBuild(this.#context, tenant, id)
    await sendEvents(this.#context, build, { request, reply, slots: this.#slots, stop: this.#stop.signal })
  }

  @Get('tenants/:tenant/builds/:id/log')
  async log(@OfTenant() tenant: Tenant, @Param('id') id: string, @Res() reply: FastifyReply) {
    await sendLog(this.#context, await requireBuild(this.#context, tenant, id), reply)
  }
}
