import { Controller, Delete, HttpCode, Inject, Post, Req } from '@nestjs/common'
import { LoginLinkView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { createLoginCode } from '@pushfn/store/login-links'
import { recordPerson, signOutEverywhere } from '@pushfn/store/people'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { callerOfRequest } from '../policy/policy.guard.ts'

const LINK_MS = 600_000

/** Signing in where there is no forge to do it by, and signing out of every browser. */
@Controller('api/v1')
export class LoginLinksController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  /** The code stands behind a `#`: no server, proxy or log gets to see it. */
  @Post('tenants/:tenant/login-links')
  async create(@OfTenant() tenant: Tenant): Promise<LoginLinkView> {
    const { db, config } = this.#context
    if (tenant.forge !== 'builtin') {
      throw new AppError('CONFLICT', `a login link for a tenant of ${tenant.forge}`, {
        hint: `people of ${tenant.slug} sign in by their own accounts at ${tenant.forge}, which says who they are`,
      })
    }
    const { forge, forgeAccountId: id, login } = tenant
    const person = await recordPerson(db, { forge, id, login, accounts: [{ id, role: 'owner' }] })
    const expiresAt = new Date(Date.now() + LINK_MS)
    const code = await createLoginCode(db, person.id, expiresAt)
    return LoginLinkView.parse({
      url: `${config.consoleUrl}/login#${code}`,
      expiresAt: expiresAt.toISOString(),
    })
  }

  @Delete('sessions')
  @HttpCode(204)
  async signOutEverywhere(@Req() request: FastifyRequest): Promise<void> {
    const caller = callerOfRequest(request)
    if (caller.kind === 'person') return signOutEverywhere(this.#context.db, caller.person.id)
    throw new AppError('CONFLICT', 'signing a token out', {
      hint: 'an API token is revoked, not signed out: DELETE /api/v1/tenants/<tenant>/tokens/<id>',
    })
  }
}
