import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'

/** Any number that nobody else locks: Prisma's own CLI uses this one, so that the two exclude each other. */
const ADVISORY_LOCK = 72_707_369

const TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`

interface Migration {
  name: string
  sql: string
  checksum: string
}

/**
 * Brings the database to the newest migration of `folder` and returns the names of those it applied. Prisma's layout and
 * its own bookkeeping table are kept, so that `prisma migrate deploy` and `migrate status` go on from here; what they do
 * is done here without the schema engine, which cannot be had everywhere. Safe to call from many processes at once.
 * Throws, and applies nothing more, when an applied migration was edited afterwards or one failed.
 */
export const migrate = async (databaseUrl: string, folder: string): Promise<string[]> => {
  const migrations = await readMigrations(folder)
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK])
    await client.query(TABLE)
    const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
      'SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL',
    )
    const applied = new Map(rows.map((row) => [row.migration_name, row]))
    const names: string[] = []
    for (const migration of migrations) {
      const before = applied.get(migration.name)
      if (before && before.checksum !== migration.checksum) {
        throw new Error(`migration ${migration.name} was changed after it was applied: add a new one instead`)
      }
      if (before && before.finished_at === null) {
        throw new Error(`migration ${migration.name} failed before: mend the database, then delete its row`)
      }
      if (before) continue
      await apply(client, migration)
      names.push(migration.name)
    }
    return names
  } finally {
    // The end of the session frees the lock.
    await client.end()
  }
}

const readMigrations = async (folder: string): Promise<Migration[]> => {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/** A migration and the row that says so are one transaction: it is there whole, or not at all. */
const apply = async (client: Client, migration: Migration): Promise<void> => {
  await client.query('BEGIN')
  try {
    await client.query(migration.sql)
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, now(), $3, 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await client.query('COMMIT')
  } catch (cause) {
    await client.query('ROLLBACK')
    throw new Error(`migration ${migration.name} failed and was rolled back`, { cause })
  }
}
