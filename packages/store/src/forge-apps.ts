import type { Database } from './database.ts'
import type { ForgeKind } from './generated/client.ts'

/** How this cloud is known to a forge, when that was set up at the console: sealed, this package never sees it open. */
export const readForgeApp = async (db: Database, forge: ForgeKind): Promise<Uint8Array | undefined> =>
  (await db.forgeApp.findUnique({ where: { forge } }))?.sealed

/** False when there is one already: it is not replaced. */
export const storeForgeApp = async (db: Database, forge: ForgeKind, sealed: Buffer): Promise<boolean> =>
  (await db.forgeApp.createMany({ data: { forge, sealed: new Uint8Array(sealed) }, skipDuplicates: true })).count === 1
