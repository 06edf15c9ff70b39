import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { DeployView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { takeBuildHook } from '@pushfn/store/build-hooks'
import { deployBranchOf } from '@pushfn/store/repositories'
import { type ApiContext, CONTEXT } from '../context.ts'
import { deployRef } from '../deploy-ref.ts'

/** Secret URLs that deploy: whoever has one may, and nothing else. */
@Controller('hooks')
export class BuildHookController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post(':token')
  @HttpCode(202)
  async call(@Param('token') token: string): Promise<DeployView> {
    const hook = await takeBuildHook(this.#context.db, token)
    if (!hook) {
      throw new AppError('NOT_FOUND', 'no such hook', { hint: 'there is no such hook: it may be taken away already' })
    }
    const { repository } = hook
    const what = { ref: `refs/heads/${hook.branch ?? deployBranchOf(repository)}` }
    const by = `build hook “${hook.name}”`
    return DeployView.parse(await deployRef(this.#context, { repository, what, trigger: 'hook', by }))
  }
}
