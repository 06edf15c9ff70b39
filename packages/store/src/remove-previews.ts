import { LIVE } from '@pushfn/model/alias'
import type { Transaction } from './database.ts'

/**
 * Marks an alias other than `live` as removed from the repository's functions, but from those to `keep` (their ids), and
 * functions that were nowhere else with it. An alias that a newer push wants stays. Returns the functions that the controller
 * must look at.
 */
export const removePreviews = async (
  tx: Transaction,
  of: { repositoryId: string; alias: string; sequence?: bigint; keep: readonly string[] },
): Promise<{ id: string; name: string }[]> => {
  const removedAt = new Date()
  const aliases = await tx.alias.updateManyAndReturn({
    where: {
      name: of.alias,
      removedAt: null,
      functionId: { notIn: [...of.keep] },
      function: { repositoryId: of.repositoryId },
      ...(of.sequence !== undefined && { sequence: { lte: of.sequence } }),
    },
    data: { removedAt },
    select: { function: { select: { id: true, name: true } } },
  })
  const functions = aliases.map((alias) => alias.function)
  await tx.function.updateMany({
    where: {
      id: { in: functions.map((fn) => fn.id) },
      removedAt: null,
      aliases: { none: { removedAt: null, OR: [{ name: { not: LIVE } }, IS_SOMEWHERE] } },
    },
    data: { removedAt },
  })
  return functions
}

/** `live` that leads, or is to lead, anywhere. */
export const IS_SOMEWHERE = { OR: [{ revisionId: { not: null } }, { wantedRevisionId: { not: null } }] }
