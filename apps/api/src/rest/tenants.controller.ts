import { Body, Controller, Get, Inject, Param, Post, Req } from '@nestjs/common'
import { FunctionList, NewAllowedTenant, NewTenant } from '@pushfn/model/api'
import { allowTenant, createBuiltinTenant } from '@pushfn/store/tenants'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { requireOperator, requireTenant } from './access.ts'
import { parseInput } from './parse-input.ts'
import { listFunctions } from './views.ts'

@Controller('api/v1')
export class TenantsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post('tenants')
  async create(@Req() request: FastifyRequest, @Body() body: unknown) {
    await requireOperator(this.#context, request)
    const { slug } = parseInput(NewTenant, body)
    const { tenant, isNew } = await createBuiltinTenant(this.#context.db, slug)
    return { slug: tenant.slug, isNew }
  }

  @Post('allowed-tenants')
  async allow(@Req() request: FastifyRequest, @Body() body: unknown) {
    await requireOperator(this.#context, request)
    const { forge, login } = parseInput(NewAllowedTenant, body)
    await allowTenant(this.#context.db, forge, login)
    return { forge, login }
  }

  @Get('tenants/:tenant/functions')
  async functions(@Req() request: FastifyRequest, @Param('tenant') slug: string) {
    const tenant = await requireTenant(this.#context, request, slug)
    return FunctionList.parse({ items: await listFunctions(this.#context, tenant) })
  }
}
