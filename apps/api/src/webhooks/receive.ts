import type { Forge, ForgeWebhooks, WebhookRequest } from '@pushfn/forge/forge'
import { AppError } from '@pushfn/model/errors'
import { channels } from '@pushfn/store/bus'
import { recordDelivery } from '@pushfn/store/deliveries'
import type { ApiContext } from '../context.ts'
import { applyEvents } from './apply-events.ts'
import { subjectOf } from './subject-of.ts'
import { tryAgain } from './try-again.ts'
import { withCommits } from './with-commits.ts'

export interface WebhookAnswer {
  outcome: 'accepted' | 'ignored' | 'known'
  reason?: string
}

/**
 * A webhook: verify the raw bytes, say what they mean, store delivery and push in one transaction, answer. Nothing slow
 * happens before the answer; the bells that follow may get lost, the reconciler rings them again.
 *
 * Throws UNAUTHENTICATED (401), BAD_REQUEST (400), NOT_FOUND for a forge that this cloud does not know, STORE_FAILED
 * (503: the forge must send again) when the database does not take it.
 */
export const receiveWebhook = async (
  context: ApiContext,
  forgeKind: string,
  request: WebhookRequest,
): Promise<WebhookAnswer> => {
  const forge = forgeOfWebhook(context, forgeKind)
  const delivery = await withCommits(context, forge.kind, await forge.receive(request))
  const facts = {
    forge: forge.kind,
    id: delivery.id,
    event: delivery.event,
    ...(delivery.action && { action: delivery.action }),
    ...subjectOf(delivery),
    events: delivery.events,
  }
  const log = context.log.child({ delivery: delivery.id, event: delivery.event, forge: forge.kind })

  const store = () => recordDelivery(context.db, facts, (tx) => applyEvents(tx, context.allowed, facts, delivery))
  const applied = await tryAgain(store).catch((cause: unknown) => {
    throw new AppError('STORE_FAILED', 'a delivery could not be stored', { cause, hint: 'not stored: send it again' })
  })
  if (!applied) return { outcome: 'known', reason: 'this delivery was received before' }

  log.info({ outcome: applied.outcome, reason: applied.reason, builds: applied.builds }, 'delivery stored')
  void ring(context, applied)
  return { outcome: applied.outcome, ...(applied.reason && { reason: applied.reason }) }
}

/** The forge that webhooks under that name are of. Throws NOT_FOUND. */
export const forgeOfWebhook = (
  context: Pick<ApiContext, 'forges'>,
  forgeKind: string,
): ForgeWebhooks & Pick<Forge, 'kind'> => {
  const forge = Object.entries(context.forges).find(([kind]) => kind === forgeKind)?.[1]
  if (!forge?.webhooks) throw new AppError('NOT_FOUND', `no webhooks from ${forgeKind}`, { hint: 'no such forge here' })
  return { kind: forge.kind, ...forge.webhooks }
}

/** Tells builder and controller. Not awaited by the answer: the database has it all. */
export const ring = async (
  context: Pick<ApiContext, 'bell' | 'bus' | 'config' | 'log'>,
  changes: {
    builds: readonly string[]
    superseded: readonly string[]
    functions: readonly string[]
    hasReports: boolean
  },
): Promise<void> => {
  const bells = channels(context.config.cloud)
  try {
    await Promise.all([
      ...changes.builds.map((build) => context.bell.ring(build, 0)),
      ...changes.superseded.map((build) => context.bus.publish(bells.buildSuperseded, build)),
      ...changes.functions.map((fn) => context.bus.publish(bells.functionWanted, fn)),
      ...(changes.hasReports ? [context.bus.publish(bells.reportDue, '')] : []),
    ])
  } catch (err) {
    context.log.warn({ err }, 'a bell could not be rung; the reconciler will')
  }
}
