import { aliasHost, CANARY } from '@pushfn/model/alias'
import { CanaryView, type NewCanary } from '@pushfn/model/api-canaries'
import { AppError } from '@pushfn/model/errors'
import { functionUrl } from '@pushfn/model/urls'
import type { CanaryPlan } from '@pushfn/store/canaries'
import { canaryFate } from '@pushfn/store/canary-fate'
import { factsOf, type RunningCanary } from '@pushfn/store/canary-rows'
import type { Target } from '@pushfn/store/targets'
import type { ApiContext } from '../context.ts'

/** What somebody wants tried. */
export const targetOf = ({ revision, sha, alias }: NewCanary): Exclude<Target, 'before'> => {
  if (revision !== undefined) return { revision }
  if (sha !== undefined) return { commit: sha }
  if (alias !== undefined) return { alias }
  throw new AppError('INTERNAL', 'a canary of nothing')
}

/** Steps begin with their first weight. */
export const planOf = ({ weight, steps, rules }: NewCanary): CanaryPlan => {
  const first = weight ?? steps?.[0]?.weight
  if (first === undefined) throw new AppError('INTERNAL', 'a canary without a weight')
  return { weight: first, steps: steps ?? null, rules }
}

/** What happened around it counts at once, before the controller has written its end down. */
export const canaryView = (context: Pick<ApiContext, 'urls'>, canary: RunningCanary): CanaryView => {
  const { function: fn, baseline, revision } = canary
  const end = canary.endedAt === null ? canaryFate(factsOf(canary)) : undefined
  const isThere = canary.endedAt === null && end === undefined
  const isStarting = isThere && canary.state === 'running' && canary.turnAt === null
  const host = aliasHost({ tenant: fn.tenant.slug, alias: CANARY })
  return CanaryView.parse({
    id: canary.id,
    function: fn.name,
    revision: revision.id,
    sha: revision.sha,
    baseline: { revision: baseline.id, sha: baseline.sha },
    state: isStarting ? 'starting' : (end?.state ?? canary.state),
    reason: end?.reason ?? canary.reason,
    weight: canary.weight,
    steps: canary.steps,
    rules: canary.rules,
    url: isThere ? functionUrl(context.urls, host, fn.name) : null,
    createdAt: canary.createdAt.toISOString(),
    weightAt: canary.turnAt?.toISOString() ?? null,
    endedAt: canary.endedAt?.toISOString() ?? null,
    seen: canary.seen,
  })
}
