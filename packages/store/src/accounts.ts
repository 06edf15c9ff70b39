import { CANCEL_REASONS, cancelBuilds, type Stopped } from './cancellation.ts'
import type { Transaction } from './database.ts'
import type { ForgeKind } from './generated/client.ts'

/**
 * A forge account's App was removed: its tenant is marked, its builds are cancelled, nothing of it runs any more. Installing
 * it again undoes the mark. Returns for whom bells are to be rung.
 */
export const removeAccount = async (tx: Transaction, forge: ForgeKind, accountId: string): Promise<Stopped> => {
  const { tenantId, functions } = await markTenant(tx, forge, accountId, { removedAt: new Date() })
  return { functions, builds: tenantId ? await cancelBuilds(tx, { tenantId }, CANCEL_REASONS.tenantRemoved) : [] }
}

/** A suspended account's functions stop, and go on where they were when the suspension ends. Its builds are cancelled. */
export const setAccountSuspended = async (
  tx: Transaction,
  forge: ForgeKind,
  accountId: string,
  isSuspended: boolean,
): Promise<Stopped> => {
  const { tenantId, functions } = await markTenant(tx, forge, accountId, {
    suspendedAt: isSuspended ? new Date() : null,
  })
  if (!tenantId || !isSuspended) return { functions, builds: [] }
  return { functions, builds: await cancelBuilds(tx, { tenantId }, CANCEL_REASONS.tenantSuspended) }
}

const markTenant = async (
  tx: Transaction,
  forge: ForgeKind,
  accountId: string,
  mark: { removedAt?: Date; suspendedAt?: Date | null },
): Promise<{ tenantId?: string; functions: string[] }> => {
  const key = { forge_forgeAccountId: { forge, forgeAccountId: accountId } }
  const tenant = await tx.tenant.findUnique({ where: key, select: { id: true } })
  if (!tenant) return { functions: [] }
  // A release that waits for this row finds the mark; one that has it already is seen by the look at the functions.
  await tx.tenant.update({ where: { id: tenant.id }, data: mark })
  const functions = await tx.function.findMany({
    where: { tenantId: tenant.id, removedAt: null },
    select: { id: true },
  })
  return { tenantId: tenant.id, functions: functions.map((fn) => fn.id) }
}
