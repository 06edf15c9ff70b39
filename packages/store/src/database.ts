import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/client.ts'

/**
 * The truth. Open one per process; everything that is read or written goes through the functions beside this file, which
 * take it as their first argument and say what they promise.
 */
export type Database = PrismaClient

/** The client inside a transaction. */
export type Transaction = Parameters<Parameters<Database['$transaction']>[0]>[0]

/** Connects lazily; `connections` at most. Close with `$disconnect()`. */
export const openDatabase = (url: string, connections = 10): Database =>
  new PrismaClient({
    adapter: new PrismaPg({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: 5_000,
      // A statement that hangs must not hold a webhook or a lease for ever.
      statement_timeout: 30_000,
      // A process that was stopped in the midst of a transaction gives up its locks.
      idle_in_transaction_session_timeout: 10_000,
    }),
  })

/** Throws when the database does not answer. */
export const pingDatabase = async (db: Database): Promise<void> => {
  await db.$queryRaw`SELECT 1`
}
