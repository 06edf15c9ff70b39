import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { buildPageUrl } from '@pushfn/model/urls'
import { deploymentReport } from '../deployment-report.ts'
import type { Run } from '../run.ts'
import type { ReleasedFunction } from '../tell-released.ts'
import { waitsFor } from '../waits-for.ts'

/** Ends the build as live, tells everybody, and keeps its log. */
export const report = async (run: Run, released: readonly ReleasedFunction[]): Promise<void> => {
  const about = {
    state: 'success' as const,
    description: descriptionOf(run, released),
  }
  const status = { context: STACK_CONTEXT, ...about, targetUrl: buildPageUrl(run.context.urls, run.build.id) }
  const deployment = deploymentReport(run, { ...about, urls: released.map((fn) => fn.url) })
  await run.end({ state: 'live', statuses: [status, ...deployment], events: [{ kind: 'state', state: 'live' }] })
}

/** `deployed hello`, `deployed 3 functions, reused 47`, `nothing changed: reused hello, pinned by hand 1` */
const descriptionOf = (run: Run, released: readonly ReleasedFunction[]): string => {
  if (run.build.isStaged) return `built and kept: ${waitsFor(run)} makes it live`
  const pinned = released.filter((fn) => fn.isPinned).length
  const reused = released.filter((fn) => fn.isReused)
  const deployed = released.filter((fn) => !fn.isReused && !fn.isPinned)
  const count = (functions: readonly ReleasedFunction[]) =>
    functions.length === 1 ? functions[0]?.name : `${functions.length} functions`
  const also = pinned > 0 ? [`pinned by hand ${pinned}`] : []
  if (deployed.length > 0) {
    return [`deployed ${count(deployed)}`, ...(reused.length > 0 ? [`reused ${reused.length}`] : []), ...also].join(
      ', ',
    )
  }
  if (reused.length > 0) return [`nothing changed: reused ${count(reused)}`, ...also].join(', ')
  return `built ${count(released)}, pinned by hand: nothing moves`
}
