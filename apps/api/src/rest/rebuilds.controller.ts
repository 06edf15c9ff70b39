import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { NewRebuild, RebuildList, RebuildView } from '@pushfn/model/api-rebuilds'
import { AppError } from '@pushfn/model/errors'
import { channels } from '@pushfn/store/bus'
import { rebuildOf, rebuilds, wishRebuild } from '@pushfn/store/rebuilds'
import { z } from 'zod'
import { type ApiContext, CONTEXT } from '../context.ts'
import { parseInput } from './parse-input.ts'

/** Rebuilds told at once. */
const MOST = 20

/** Building what is live again on today's base images. */
@Controller('api/v1/rebuilds')
export class RebuildsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post()
  @HttpCode(202)
  async begin(@Body() body: unknown): Promise<RebuildView> {
    const { db, bus, config } = this.#context
    const id = await wishRebuild(db, parseInput(NewRebuild, body ?? {}))
    void bus.publish(channels(config.cloud).rebuildWished, id)
    return this.#show(id)
  }

  @Get()
  async list(): Promise<RebuildList> {
    return RebuildList.parse({ items: (await rebuilds(this.#context.db, MOST)).map(viewOf) })
  }

  @Get(':id')
  async show(@Param('id') id: string): Promise<RebuildView> {
    return this.#show(id)
  }

  async #show(id: string): Promise<RebuildView> {
    const rebuild = z.uuid().safeParse(id).success ? await rebuildOf(this.#context.db, id) : undefined
    if (!rebuild) throw new AppError('NOT_FOUND', 'no such rebuild', { hint: 'there is no such rebuild' })
    return RebuildView.parse(viewOf(rebuild))
  }
}

const viewOf = (rebuild: NonNullable<Awaited<ReturnType<typeof rebuildOf>>>): RebuildView => ({
  id: rebuild.id,
  base: rebuild.base,
  tenants: rebuild.tenants,
  createdAt: rebuild.createdAt.toISOString(),
  finishedAt: rebuild.finishedAt?.toISOString() ?? null,
  isPlanned: rebuild.isPlanned,
  counts: {
    waiting: rebuild.count('waiting'),
    building: rebuild.count('building'),
    done: rebuild.count('done'),
    failed: rebuild.count('failed'),
    moved: rebuild.count('moved'),
  },
  failed: rebuild.failed.map(({ function: fn, buildId, reason }) => ({
    tenant: fn.tenant.slug,
    function: fn.name,
    buildId,
    reason,
  })),
})
