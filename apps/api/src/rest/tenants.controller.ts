import { Body, Controller, Get, Inject, Param, Post, Req } from '@nestjs/common'
import { NewTenant, NewToken } from '@pushfn/model/api'
import { createBuiltinTenant } from '@pushfn/store/tenants'
import { createToken } from '@pushfn/store/tokens'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { parseBody, requireOperator, requireTenant } from './access.ts'
import { listFunctions } from './views.ts'

@Controller('api/v1/tenants')
export class TenantsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post()
  async create(@Req() request: FastifyRequest, @Body() body: unknown) {
    requireOperator(this.#context, request)
    const { slug } = parseBody(NewTenant, body)
    const { tenant, isNew } = await createBuiltinTenant(this.#context.db, slug)
    return { slug: tenant.slug, isNew }
  }

  @Post(':tenant/tokens')
  async createToken(@Req() request: FastifyRequest, @Param('tenant') slug: string, @Body() body: unknown) {
    const tenant = await requireTenant(this.#context, request, slug)
    const { name } = parseBody(NewToken, body)
    return { token: await createToken(this.#context.db, tenant.id, name) }
  }

  @Get(':tenant/functions')
  async functions(@Req() request: FastifyRequest, @Param('tenant') slug: string) {
    const tenant = await requireTenant(this.#context, request, slug)
    return { items: await listFunctions(this.#context, tenant) }
  }
}
