import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { ChoiceList, NewPromotion, NewRollback, NewStackRollback, RevisionList } from '@pushfn/model/api-revisions'
import { AppError } from '@pushfn/model/errors'
import { FunctionName } from '@pushfn/model/names'
import { basesOf } from '@pushfn/store/image-records'
import { revisionsOf } from '@pushfn/store/revision-list'
import { rollBack, rollBackStack, unpin, unpinStack } from '@pushfn/store/rollback'
import type { Target } from '@pushfn/store/targets'
import type { Tenant } from '@pushfn/store/tenants'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { requireRepository } from './find.ts'
import { parseInput } from './parse-input.ts'
import { revisionList } from './revision-views.ts'
import { settleChoices } from './settle-choices.ts'

/** Revisions told at once: more than are kept. */
const MOST = 50

/** What was deployed of a function, and moving `live` among it by hand. */
@Controller('api/v1/tenants/:tenant')
export class RevisionsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('functions/:function/revisions')
  async list(@OfTenant() tenant: Tenant, @Param('function') name: string): Promise<RevisionList> {
    const of = await this.#functionOf(tenant, name)
    const fn = await revisionsOf(this.#context.db, of, MOST + 1)
    if (!fn) throw noSuchFunction()
    const bases = await basesOf(
      this.#context.db,
      fn.revisions.map((revision) => revision.digest),
    )
    return RevisionList.parse(revisionList(this.#context, { tenant: tenant.slug, fn, bases }, MOST))
  }

  @Post('functions/:function/rollback')
  @HttpCode(200)
  async rollBack(
    @OfTenant() tenant: Tenant,
    @Param('function') name: string,
    @Body() body: unknown,
  ): Promise<ChoiceList> {
    const of = await this.#functionOf(tenant, name)
    const { revision, sha } = parseInput(NewRollback, body ?? {})
    return this.#move(of, revision ? { revision } : sha ? { commit: sha } : 'before')
  }

  @Post('functions/:function/promote')
  @HttpCode(200)
  async promote(
    @OfTenant() tenant: Tenant,
    @Param('function') name: string,
    @Body() body: unknown,
  ): Promise<ChoiceList> {
    const of = await this.#functionOf(tenant, name)
    return this.#move(of, parseInput(NewPromotion, body))
  }

  /** What the newest push wants is wished again. */
  @Delete('functions/:function/pin')
  async unpin(@OfTenant() tenant: Tenant, @Param('function') name: string) {
    const of = await this.#functionOf(tenant, name)
    const items = await settleChoices(this.#context, async () => {
      const choice = await unpin(this.#context.db, of)
      return choice ? [choice] : []
    })
    return ChoiceList.parse({ items })
  }

  @Post('repositories/:repository/rollback')
  @HttpCode(200)
  async rollBackStack(
    @OfTenant() tenant: Tenant,
    @Param('repository') name: string,
    @Body() body: unknown,
  ): Promise<ChoiceList> {
    const repository = await requireRepository(this.#context, tenant, name)
    const { sha } = parseInput(NewStackRollback, body)
    const items = await settleChoices(this.#context, () => rollBackStack(this.#context.db, repository.id, sha))
    return ChoiceList.parse({ items })
  }

  @Delete('repositories/:repository/pin')
  async unpinStack(@OfTenant() tenant: Tenant, @Param('repository') name: string) {
    const repository = await requireRepository(this.#context, tenant, name)
    const items = await settleChoices(this.#context, () => unpinStack(this.#context.db, repository.id))
    return ChoiceList.parse({ items })
  }

  async #move(of: { tenantId: string; name: string }, target: Target): Promise<ChoiceList> {
    const items = await settleChoices(this.#context, async () => [await rollBack(this.#context.db, of, target)])
    return ChoiceList.parse({ items })
  }

  async #functionOf(tenant: Tenant, name: string): Promise<{ tenantId: string; name: string }> {
    if (!FunctionName.safeParse(name).success) throw noSuchFunction()
    return { tenantId: tenant.id, name }
  }
}

const noSuchFunction = (): AppError =>
  new AppError('NOT_FOUND', 'no such function', { hint: 'you have no function of that name here' })
