import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common'
import { DeployView, NewDeploy } from '@pushfn/model/api'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { deployRef } from '../deploy-ref.ts'
import { requireRepository, requireTenant } from './access.ts'
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
    @Req() request: FastifyRequest,
    @Param('tenant') slug: string,
    @Param('repository') name: string,
    @Body() body: unknown,
  ): Promise<DeployView> {
    const tenant = await requireTenant(this.#context, request, slug)
    const repository = await requireRepository(this.#context, tenant, name)
    const what = parseInput(NewDeploy, body)
    const wish = { repository: { ...repository, tenant }, what, trigger: 'deploy' as const, by: tenant.slug }
    return DeployView.parse(await deployRef(this.#context, wish))
  }
}
