import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { buildPageUrl } from '@pushfn/model/urls'
import { finishBuild } from '@pushfn/store/builds'
import type { Run } from '../run.ts'
import type { ReleasedFunction } from './release.ts'

/** Ends the build as live, tells everybody, and keeps its log. */
export const report = async (run: Run, released: readonly ReleasedFunction[]): Promise<void> => {
  const isOurs = await finishBuild(run.context.db, run.claim, 'live')
  if (!isOurs) return
  run.tell({ kind: 'state', state: 'live' })
  const names = released.map((fn) => fn.name)
  await run.wantStatuses({
    context: STACK_CONTEXT,
    state: 'success',
    description: `deployed ${names.length === 1 ? names[0] : `${names.length} functions`}`,
    targetUrl: buildPageUrl(run.context.urls, run.build.id),
  })
  await run.storeLog()
}
