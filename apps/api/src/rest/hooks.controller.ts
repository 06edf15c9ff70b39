import { Controller, Get, Inject, Param } from '@nestjs/common'
import { RepositoryHookView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { ForgeRepositoryId } from '@pushfn/model/ids'
import { type ApiContext, CONTEXT } from '../context.ts'
import { forgeOfWebhook } from '../webhooks/receive.ts'
import { parseInput } from './parse-input.ts'

/** How a single repository of a forge without Apps is connected. */
@Controller('api/v1')
export class HooksController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('forges/:forge/repositories/:id/webhook')
  async hook(@Param('forge') forge: string, @Param('id') id: string): Promise<RepositoryHookView> {
    const hook = forgeOfWebhook(this.#context, forge).hookOf?.(parseInput(ForgeRepositoryId, id))
    if (!hook) {
      throw new AppError('NOT_FOUND', `${forge} has no hooks of single repositories`, {
        hint: 'install the forge’s App on the repository instead',
      })
    }
    const url = `${this.#context.config.consoleUrl}/webhooks/${forge}${hook.query}`
    return RepositoryHookView.parse({ url, secret: hook.secret })
  }
}
