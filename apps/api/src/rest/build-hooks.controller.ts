import { Body, Controller, Delete, Get, Inject, Param, Post, Res } from '@nestjs/common'
import { BuildHookList, BuildHookView, NewBuildHook, NewBuildHookView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { BuildHookId } from '@pushfn/model/ids'
import { type BuildHookRow, buildHooksOf, createBuildHook, removeBuildHook } from '@pushfn/store/build-hooks'
import type { Repository } from '@pushfn/store/repositories'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyReply } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { requireRepository } from './find.ts'
import { parseInput } from './parse-input.ts'

/** The build hooks of a repository; what happens when one is called is in `webhooks/build-hook.controller.ts`. */
@Controller('api/v1/tenants/:tenant/repositories/:repository/hooks')
export class BuildHooksController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post()
  async create(
    @OfTenant() tenant: Tenant,
    @Param('repository') name: string,
    @Body() body: unknown,
  ): Promise<NewBuildHookView> {
    const repository = await this.#repository(tenant, name)
    const { token, row } = await createBuildHook(this.#context.db, repository.id, parseInput(NewBuildHook, body))
    return NewBuildHookView.parse({ url: `${this.#context.config.consoleUrl}/hooks/${token}`, ...viewOf(row) })
  }

  @Get()
  async list(@OfTenant() tenant: Tenant, @Param('repository') name: string): Promise<BuildHookList> {
    const repository = await this.#repository(tenant, name)
    return BuildHookList.parse({ items: (await buildHooksOf(this.#context.db, repository.id)).map(viewOf) })
  }

  @Delete(':id')
  async remove(
    @OfTenant() tenant: Tenant,
    @Param('repository') name: string,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const repository = await this.#repository(tenant, name)
    const isGone = BuildHookId.safeParse(id).success && (await removeBuildHook(this.#context.db, repository.id, id))
    if (!isGone) throw noSuchHook()
    await reply.code(204).send()
  }

  async #repository(tenant: Tenant, name: string): Promise<Repository> {
    return requireRepository(this.#context, tenant, name)
  }
}

const noSuchHook = (): AppError =>
  new AppError('NOT_FOUND', 'no such hook', { hint: 'there is no such hook: it may be taken away already' })

const viewOf = (row: BuildHookRow): BuildHookView =>
  BuildHookView.parse({
    id: row.id,
    name: row.name,
    branch: row.branch,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  })
