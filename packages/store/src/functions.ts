import { LIVE } from '@pushfn/model/alias'
import type { Database } from './database.ts'

/** A tenant's functions that are not removed, by name, each with what is live. */
export const functionsOf = (db: Database, tenantId: string) =>
  db.function.findMany({
    where: { tenantId, removedAt: null },
    orderBy: { name: 'asc' },
    include: {
      repository: { select: { name: true } },
      pin: { select: { createdAt: true } },
      aliases: { where: { name: LIVE }, include: { revision: true } },
    },
  })
