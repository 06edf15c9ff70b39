import { Controller, Get, Inject, Res } from '@nestjs/common'
import { failingChecks } from '@pushfn/kit/health-server'
import { pingDatabase } from '@pushfn/store/database'
import type { FastifyReply } from 'fastify'
import { type ApiContext, CONTEXT } from './context.ts'

@Controller()
export class HealthController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('healthz')
  live(): string {
    return 'ok\n'
  }

  /** Ready while the database answers: without Redis pushes are still taken, and built when it is back. */
  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const failing = await failingChecks({ database: () => pingDatabase(this.#context.db) })
    const isReady = Object.keys(failing).length === 0
    await reply.code(isReady ? 200 : 503).send({ ready: isReady, failing })
  }

  @Get('metrics')
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    const { metrics } = this.#context
    await reply.type(metrics.contentType).send(await metrics.metrics())
  }
}
