import { Body, Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common'
import { type AccessView, NewSession, type SessionView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { takeLoginCode } from '@pushfn/store/login-links'
import type { Access } from '@pushfn/store/people'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { type Caller, callerOfSession } from '../policy/caller.ts'
import { callerOfRequest } from '../policy/policy.guard.ts'
import { requireSameOrigin } from '../policy/same-origin.ts'
import { parseInput } from '../rest/parse-input.ts'
import { openSessionInPlaceOf, personSession } from './open-session.ts'
import { NO_SESSION_COOKIE, sessionIdFrom } from './session-cookie.ts'
import { closeSession, type Session } from './sessions.ts'

/** Who am I, sign in, sign out. Signing in and out is for the console's own page: programs send their token themselves. */
@Controller('api/v1/session')
export class SessionController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get()
  async show(@Req() request: FastifyRequest): Promise<SessionView> {
    return sessionView(callerOfRequest(request))
  }

  @Post()
  async signIn(
    @Req() request: FastifyRequest,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    requireSameOrigin(this.#context, request)
    const session = await this.#sessionFor(parseInput(NewSession, body))
    const caller = await callerOfSession(this.#context, session)
    if (!caller) throw new AppError('UNAUTHENTICATED', 'sign-in refused', { hint: 'this is no valid API token' })
    if (caller.kind === 'operator') {
      throw new AppError('FORBIDDEN', 'an operator at the console', {
        hint: 'the console is for tenants: sign in with an API token of one',
      })
    }
    reply.header('set-cookie', await openSessionInPlaceOf(this.#context, request, session))
    return sessionView(caller)
  }

  async #sessionFor(wanted: NewSession): Promise<Session> {
    if ('token' in wanted) return wanted
    const person = await takeLoginCode(this.#context.db, wanted.code)
    if (person !== undefined) return personSession(person)
    throw new AppError('UNAUTHENTICATED', 'login link refused', {
      hint: 'this link was used already, or is older than ten minutes: have another one made',
    })
  }

  @Delete()
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    requireSameOrigin(this.#context, request)
    const id = sessionIdFrom(request.headers.cookie)
    if (id) await closeSession(this.#context, id)
    await reply.code(204).header('set-cookie', NO_SESSION_COOKIE).send()
  }
}

const sessionView = (caller: Caller): SessionView => {
  switch (caller.kind) {
    case 'operator':
      return { kind: 'operator' }
    case 'tenant':
      return { kind: 'tenant', ...accessView(caller.access[0]) }
    case 'person': {
      const { forge, login } = caller.person
      return { kind: 'person', forge, login, tenants: caller.access.map(accessView) }
    }
  }
}

const accessView = ({ tenant, role }: Access): AccessView => ({
  tenant: tenant.slug,
  forge: tenant.forge,
  login: tenant.login,
  role,
})
