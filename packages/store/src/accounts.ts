import type { Transaction } from './database.ts'
import type { ForgeKind } from './generated/client.ts'

/**
 * A forge account's App was removed: its tenant is marked, nothing of it runs any more. Returns the ids of its functions
 * for the controller's bell. Installing it again undoes the mark.
 */
export const removeAccount = (tx: Transaction, forge: ForgeKind, accountId: string): Promise<string[]> =>
  markTenant(tx, forge, accountId, { removedAt: new Date() })

/** A suspended account's functions stop, and go on where they were when the suspension ends. */
export const setAccountSuspended = (
  tx: Transaction,
  forge: ForgeKind,
  accountId: string,
  isSuspended: boolean,
): Promise<string[]> => markTenant(tx, forge, accountId, { suspendedAt: isSuspended ? new Date() : null })

const markTenant = async (
  tx: Transaction,
  forge: ForgeKind,
  accountId: string,
  mark: { removedAt?: Date; suspendedAt?: Date | null },
): Promise<string[]> => {
  const tenant = await tx.tenant.findUnique({
    where: { forge_forgeAccountId: { forge, forgeAccountId: accountId } },
    include: { functions: { where: { removedAt: null }, select: { id: true } } },
  })
  if (!tenant) return []
  await tx.tenant.update({ where: { id: tenant.id }, data: mark })
  return tenant.functions.map((fn) => fn.id)
}
