import { randomBytes } from 'node:crypto'
import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common'
import { appFromCode, appManifest, newAppUrl } from '@pushfn/forge/github/app-manifest'
import { sealGithubApp } from '@pushfn/kit/github-app'
import { Secret } from '@pushfn/kit/secret'
import { AppError } from '@pushfn/model/errors'
import { storeForgeApp } from '@pushfn/store/forge-apps'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type ApiContext, CONTEXT } from '../context.ts'
import { callerOf } from '../policy/caller.ts'
import { requireSameOrigin } from '../policy/same-origin.ts'
import { parseInput } from '../rest/parse-input.ts'
import { donePage, manifestPage, startPage } from './pages.ts'
import { closeSetup, openSetup } from './setup-state.ts'

const Start = z.object({
  token: z.string().min(1).max(500),
  organization: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9-]{0,100}$/, 'an organisation’s login has letters, digits and “-”'),
})
const WayBack = z.object({ code: z.string().regex(/^[A-Za-z0-9_-]{1,200}$/), state: z.string().max(100) })

/** Operators make the GitHub App here: GitHub's manifest flow. */
@Controller('setup/github')
export class GithubSetupController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get()
  start(@Res() reply: FastifyReply) {
    return send(reply, startPage(), "'self'")
  }

  @Post()
  @HttpCode(200)
  async begin(@Req() request: FastifyRequest, @Body() body: unknown, @Res() reply: FastifyReply) {
    const { config } = this.#context
    requireSameOrigin(this.#context, request)
    const { token, organization } = parseInput(Start, body)
    if ((await callerOf(this.#context, token))?.kind !== 'operator') {
      throw new AppError('UNAUTHENTICATED', 'set-up by somebody else', { hint: 'this is not the operators’ token' })
    }
    this.#refuseIfConnected()
    const { state, cookie } = await openSetup(this.#context)
    const target = newAppUrl(config.githubCloneUrl, organization || undefined)
    const manifest = appManifest({ consoleUrl: config.consoleUrl, name: `pushfn-${randomBytes(3).toString('hex')}` })
    reply.header('set-cookie', cookie)
    // GitHub sends the browser back here, and that is still the form's way.
    return send(reply, manifestPage(`${target}?state=${state}`, manifest), `'self' ${new URL(target).origin}`)
  }

  @Get('callback')
  async finish(@Req() request: FastifyRequest, @Query() query: unknown, @Res() reply: FastifyReply) {
    const { config, db, log } = this.#context
    const { code, state } = parseInput(WayBack, query)
    if (!(await closeSetup(this.#context, state, request.headers.cookie))) {
      throw new AppError('FORBIDDEN', 'a set-up that nobody began here', {
        hint: 'this set-up was not begun in this browser, or an hour ago: begin again',
      })
    }
    this.#refuseIfConnected()
    const app = await appFromCode(config.githubApiUrl, code)
    const sealed = sealGithubApp(config.secret, {
      githubAppId: app.id,
      githubPrivateKey: new Secret(app.privateKey),
      githubWebhookSecret: new Secret(app.webhookSecret),
    })
    if (!(await storeForgeApp(db, 'github', sealed))) throw connected()
    log.info({ app: app.id }, 'a GitHub App was made; api and builder take it within seconds')
    return send(reply, donePage(app.url), "'none'")
  }

  #refuseIfConnected(): void {
    if (this.#context.forges.github) throw connected()
  }
}

const connected = (): AppError =>
  new AppError('CONFLICT', 'GitHub is connected already', { hint: 'this cloud has a GitHub App already' })

const send = (reply: FastifyReply, html: string, formTarget: string) =>
  reply
    .headers({
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; base-uri 'none'; form-action ${formTarget}; frame-ancestors 'none'`,
    })
    .type('text/html; charset=utf-8')
    .send(html)
