import { Body, Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common'
import { NewSession, SessionView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { type Caller, callerOf } from '../policy/caller.ts'
import { callerOfRequest } from '../policy/policy.guard.ts'
import { parseInput } from './parse-input.ts'
import { requireSameOrigin } from './same-origin.ts'
import { NO_SESSION_COOKIE, sessionCookie, sessionIdFrom } from './session-cookie.ts'
import { closeSession, openSession } from './sessions.ts'

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
    const { token } = parseInput(NewSession, body)
    const caller = await callerOf(this.#context, token)
    if (!caller) throw new AppError('UNAUTHENTICATED', 'sign-in refused', { hint: 'this is no valid API token' })
    if (caller.kind === 'operator') {
      throw new AppError('FORBIDDEN', 'an operator at the console', {
        hint: 'the console is for tenants: sign in with an API token of one',
      })
    }
    // A new id for every sign-in: an id that somebody planted before is worth nothing after.
    const former = sessionIdFrom(request.headers.cookie)
    if (former) await closeSession(this.#context, former)
    reply.header('set-cookie', sessionCookie(await openSession(this.#context, token)))
    return sessionView(caller)
  }

  @Delete()
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    requireSameOrigin(this.#context, request)
    const id = sessionIdFrom(request.headers.cookie)
    if (id) await closeSession(this.#context, id)
    await reply.code(204).header('set-cookie', NO_SESSION_COOKIE).send()
  }
}

const sessionView = (caller: Caller): SessionView =>
  SessionView.parse(
    caller.kind === 'operator'
      ? caller
      : {
          kind: 'tenant',
          tenant: caller.tenant.slug,
          forge: caller.tenant.forge,
          login: caller.tenant.login,
          role: caller.role,
        },
  )
