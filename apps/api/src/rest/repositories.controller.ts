import { Body, Controller, Get, Inject, Param, Post, Put } from '@nestjs/common'
import { NewRepository, NewRepositoryView, RepositoryList } from '@pushfn/model/api'
import { RepositorySettings } from '@pushfn/model/repository-settings'
import { repositoriesOf } from '@pushfn/store/repositories'
import { setRepositorySettings, settingsOf } from '@pushfn/store/repository-settings'
import type { Tenant } from '@pushfn/store/tenants'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { makeRepository } from '../templates/make-repository.ts'
import { ring } from '../webhooks/receive.ts'
import { requireRepository } from './find.ts'
import { parseInput } from './parse-input.ts'

@Controller('api/v1/tenants/:tenant/repositories')
export class RepositoriesController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get()
  async list(@OfTenant() tenant: Tenant): Promise<RepositoryList> {
    const rows = await repositoriesOf(this.#context.db, tenant.id)
    return RepositoryList.parse({ items: rows.map((row) => ({ ...row, settings: settingsOf(row) })) })
  }

  @Post()
  async make(@OfTenant() tenant: Tenant, @Body() body: unknown): Promise<NewRepositoryView> {
    return NewRepositoryView.parse(await makeRepository(this.#context, tenant, parseInput(NewRepository, body)))
  }

  @Get(':repository/settings')
  async settings(@OfTenant() tenant: Tenant, @Param('repository') name: string): Promise<RepositorySettings> {
    return settingsOf(await requireRepository(this.#context, tenant, name))
  }

  @Put(':repository/settings')
  async setSettings(
    @OfTenant() tenant: Tenant,
    @Param('repository') name: string,
    @Body() body: unknown,
  ): Promise<RepositorySettings> {
    const repository = await requireRepository(this.#context, tenant, name)
    const wanted = parseInput(RepositorySettings, body)
    const { settings, stopped } = await setRepositorySettings(this.#context.db, repository.id, wanted)
    const { functions, builds } = stopped
    void ring(this.#context, { builds: [], superseded: builds, functions, hasReports: functions.length > 0 })
    return settings
  }
}
