import type { DeliveryView } from '@pushfn/model/delivery'
import type { LedgerEntry } from '@pushfn/store/ledger'
import type { Tenant } from '@pushfn/store/tenants'

/** An entry of the ledger as the API shows it; to a tenant with the builds that are its own. */
export const deliveryView = (entry: LedgerEntry, tenant?: Tenant): DeliveryView => ({
  id: entry.entryId,
  forge: entry.forge,
  deliveryId: entry.id,
  event: entry.event,
  action: entry.action,
  login: entry.login,
  repository: entry.repositoryName,
  receivedAt: entry.receivedAt.toISOString(),
  outcome: outcomeOf(entry.outcome),
  reason: entry.reason,
  builds: entry.pushes.flatMap(({ build, ref, sha, repository }) =>
    build && (!tenant || repository.tenantId === tenant.id) ? [{ ...build, ref, sha }] : [],
  ),
  isReplayable: entry.isReplayable,
  replay: entry.replayedAt && {
    at: entry.replayedAt.toISOString(),
    outcome: outcomeOf(entry.replayOutcome),
    reason: entry.replayReason,
  },
})

const outcomeOf = (text: string | null): DeliveryView['outcome'] => (text === 'ignored' ? 'ignored' : 'accepted')
