import type { Forge } from '@pushfn/forge/forge'
import { forgeRepository } from '@pushfn/forge/forge-repository'
import { PREVIEW_PLACE } from '@pushfn/model/build-target'
import { STACK_CONTEXT, statusContext } from '@pushfn/model/deploy-status'
import type { DueComment } from '@pushfn/store/pull-request-comments'
import { waitsForApproval } from '@pushfn/store/pull-request-comments'
import type { BuilderContext } from './context.ts'

/**
 * On the commit of a fork that nobody has let run: a check with a button that does, where the forge has such. It bears the
 * pull request's id, for there is no build. The build that follows has a check of its own, under the same name.
 */
export const askForApproval = async (
  context: Pick<BuilderContext, 'config' | 'urls'>,
  { forge, about, signal }: { forge: Forge; about: DueComment; signal: AbortSignal },
): Promise<void> => {
  if (!forge.setCheck || !waitsForApproval(about)) return
  const check = {
    name: `${context.config.statusPrefix ?? ''}${statusContext(STACK_CONTEXT, PREVIEW_PLACE)}`,
    mayExist: true,
    externalId: about.id,
    title: 'waits for approval: it comes from a fork',
    summary:
      'Nothing of this commit runs, or is even fetched, until a member of the repository approves it: here, or by the label `preview`.',
    log: '',
    state: 'action_required' as const,
    detailsUrl: context.urls.consoleUrl,
    faults: [],
    actions: ['approve' as const],
  }
  await forge.setCheck(forgeRepository(about.repository), about.headSha, check, signal)
}
