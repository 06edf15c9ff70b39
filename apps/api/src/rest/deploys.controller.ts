import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { DeployView, NewDeploy } from '@pushfn/model/api'
import type { Tenant } from '@pushfn/store/tenants'
import { type ApiContext, CONTEXT } from '../context.ts'
import { deployRef } from '../deploy-ref.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { requireRepository } from './find.ts'
import { parseInput } from './parse-input.ts'

@Controller('api/v1/tenants/:tenant/repositories/:repository')
export class DeploysController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post('deploys')
  @HttpCode(202)
  async deploy(
    @OfTenant() tenant: Tenant,
    @Param('repository') name: string,
    @Body() body: unknown,
  ): Promise<DeployView> {
    const repository = await requireRepository(this.#context, tenant, name)
    const what = parseInput(NewDeploy, body)
    const wish = { repository: { ...repository, tenant }, what, trigger: 'deploy' as const, by: tenant.slug }
    return DeployView.parse(await deployRef(this.#context, wish))
  }
}
