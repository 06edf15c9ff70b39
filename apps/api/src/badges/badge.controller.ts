import { Controller, Get, Inject, Param, Res } from '@nestjs/common'
import { FunctionName, TenantSlug } from '@pushfn/model/names'
import { badgeFacts } from '@pushfn/store/badge-facts'
import type { FastifyReply } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { badge, deployButton } from './badge.ts'

/** So long may browsers, and the caches of forges before them, show what was. */
const HEADERS = {
  'cache-control': 'public, max-age=20',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
}

/** `/badge/<tenant>/<function>.svg`, for READMEs: anybody may look, and what nobody may know of looks as what is not there. */
@Controller('badge')
export class BadgeController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('deploy.svg')
  button(@Res() reply: FastifyReply) {
    return reply.headers(HEADERS).type('image/svg+xml').send(deployButton())
  }

  @Get(':tenant/:file')
  async show(@Param('tenant') tenant: string, @Param('file') file: string, @Res() reply: FastifyReply) {
    const slug = TenantSlug.safeParse(tenant)
    const name = FunctionName.safeParse(file.replace(/\.svg$/, ''))
    const isNamed = slug.success && name.success && file.endsWith('.svg')
    const facts = isNamed ? await badgeFacts(this.#context.db, { tenant: slug.data, function: name.data }) : undefined
    return reply
      .code(facts ? 200 : 404)
      .headers(HEADERS)
      .type('image/svg+xml')
      .send(badge(name.success ? name.data : 'function', facts))
  }
}
