import { Body, Controller, Delete, Get, Inject, Param, Post, Res } from '@nestjs/common'
import { NewToken, NewTokenView, TokenList, type TokenView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { TokenId } from '@pushfn/model/ids'
import type { Tenant } from '@pushfn/store/tenants'
import {
  type ApiTokenRow,
  createToken,
  publishToken,
  revokeToken,
  tokensOf,
  unpublishToken,
} from '@pushfn/store/tokens'
import type { FastifyReply } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { parseInput } from './parse-input.ts'

/** API tokens of a tenant: for this API, for Git, and for its private functions. */
@Controller('api/v1/tenants/:tenant/tokens')
export class TokensController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post()
  async create(@OfTenant() tenant: Tenant, @Body() body: unknown): Promise<NewTokenView> {
    const { db, bus, config } = this.#context
    const { name, role, expiresAt } = parseInput(NewToken, body)
    const { token, row } = await createToken(db, tenant.id, {
      name,
      role,
      expiresAt: expiresAt ? new Date(expiresAt) : undefined,
    })
    await this.#tell(publishToken(bus.redis, config.cloud, row, tenant.slug))
    return NewTokenView.parse({ token, ...tokenView(row) })
  }

  @Get()
  async list(@OfTenant() tenant: Tenant): Promise<TokenList> {
    const rows = await tokensOf(this.#context.db, tenant.id)
    return TokenList.parse({ items: rows.map(tokenView) })
  }

  @Delete(':id')
  async revoke(@OfTenant() tenant: Tenant, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const { db, bus, config } = this.#context
    const row = TokenId.safeParse(id).success ? await revokeToken(db, tenant.id, id) : undefined
    if (!row) {
      throw new AppError('NOT_FOUND', 'no such token', { hint: 'you have no such token: it may be revoked already' })
    }
    await this.#tell(unpublishToken(bus.redis, config.cloud, row))
    await reply.code(204).send()
  }

  /** The database has it; what gateways cannot be told now, the controller tells them when Redis is back. */
  async #tell(telling: Promise<void>): Promise<void> {
    await telling.catch((err) => this.#context.log.warn({ err }, 'gateways could not be told of a token; they will be'))
  }
}

const tokenView = (row: ApiTokenRow): TokenView => ({
  id: row.id,
  name: row.name,
  role: row.role,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
})
