import { ForgeEvent } from '@pushfn/forge/forge-event'
import { AppError } from '@pushfn/model/errors'
import type { Transaction } from '@pushfn/store/database'
import { type KeptDelivery, pushSince, replayDelivery, tidingsSince } from '@pushfn/store/ledger'
import { repositoryByForgeId } from '@pushfn/store/repositories'
import { tenantById } from '@pushfn/store/tenants'
import { z } from 'zod'
import type { ApiContext } from '../context.ts'
import type { AllowedTenants } from './allowed-tenants.ts'
import { type Applied, applyEvent, nothingApplied } from './apply-events.ts'
import { ring } from './receive.ts'

/**
 * Applies a delivery of the ledger again, by the rules that hold for it today, and says what came of it. It is as old as
 * it is: what a newer one decided since stays decided. Throws CONFLICT when there is nothing to apply.
 */
export const replay = async (context: ApiContext, entryId: string): Promise<void> => {
  const applied = await replayDelivery(context.db, entryId, (tx, delivery) => applyAgain(tx, context.allowed, delivery))
  context.log.info({ entry: entryId, outcome: applied.outcome, builds: applied.builds }, 'delivery replayed')
  void ring(context, applied)
}

const applyAgain = async (tx: Transaction, allowed: AllowedTenants, delivery: KeptDelivery): Promise<Applied> => {
  const applied = nothingApplied()
  for (const event of eventsOf(delivery)) {
    const today = await asOfToday(tx, delivery, event)
    const reason =
      'reason' in today
        ? today.reason
        : await applyEvent(tx, { allowed, facts: { forge: delivery.forge, id: delivery.id }, applied }, today.event)
    if (reason) Object.assign(applied, { outcome: 'ignored', reason })
  }
  return applied
}

const eventsOf = ({ events }: KeptDelivery): ForgeEvent[] => {
  const parsed = z.array(ForgeEvent).min(1).safeParse(events)
  if (parsed.success) return parsed.data
  throw new AppError('CONFLICT', 'a delivery that cannot be replayed', {
    cause: parsed.error,
    hint: 'this delivery cannot be replayed: it meant nothing here, or was too large or too old to be kept whole',
  })
}

/** The event as it would be told today, or why it says nothing any more. */
const asOfToday = async (
  tx: Transaction,
  delivery: KeptDelivery,
  event: ForgeEvent,
): Promise<{ event: ForgeEvent } | { reason: string }> => {
  if (event.kind === 'ping') return { event }
  if (event.kind === 'push') return pushOfToday(tx, delivery, event)
  const newer = await tidingsSince(tx, delivery)
  if (!newer) return { event }
  return { reason: `${[newer.event, newer.action].filter(Boolean).join(' ')} came later and stays decided` }
}

/** The names it bears are as old as it is: a repository that is known keeps its own, and its owner. */
const pushOfToday = async (
  tx: Transaction,
  delivery: KeptDelivery,
  event: Extract<ForgeEvent, { kind: 'push' }>,
): Promise<{ event: ForgeEvent } | { reason: string }> => {
  const repository = await repositoryByForgeId(tx, delivery.forge, event.repository.id)
  if (!repository) {
    const newer = await tidingsSince(tx, delivery)
    return newer ? { reason: 'the repository is not known here any more' } : { event }
  }
  const tenant = await tenantById(tx, repository.tenantId)
  if (tenant?.forgeAccountId !== event.repository.ownerId)
    return { reason: 'the repository belongs to another account' }
  if (repository.removedAt) return { reason: 'the repository was removed since' }
  if (tenant.removedAt ?? tenant.suspendedAt) return { reason: `the account ${tenant.login} is suspended or gone` }
  const newer = await pushSince(tx, delivery, { repositoryId: repository.id, ref: event.ref })
  if (newer) return { reason: `${event.ref} has moved on since: ${newer.sha.slice(0, 8)} is newer` }
  const { name, isPrivate, defaultBranch, installationId } = repository
  const today = { name, isPrivate, defaultBranch, owner: tenant.login, ...(installationId && { installationId }) }
  return { event: { ...event, repository: { ...event.repository, ...today } } }
}
