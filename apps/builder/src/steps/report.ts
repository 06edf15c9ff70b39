import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { buildPageUrl } from '@pushfn/model/urls'
import type { Run } from '../run.ts'
import type { ReleasedFunction } from './release.ts'

/** Ends the build as live, tells everybody, and keeps its log. */
export const report = async (run: Run, released: readonly ReleasedFunction[]): Promise<void> => {
  const names = released.map((fn) => fn.name)
  const status = {
    context: STACK_CONTEXT,
    state: 'success' as const,
    description: `deployed ${names.length === 1 ? names[0] : `${names.length} functions`}`,
    targetUrl: buildPageUrl(run.context.urls, run.build.id),
  }
  await run.end({ state: 'live', statuses: [status], events: [{ kind: 'state', state: 'live' }] })
}
