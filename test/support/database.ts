import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { repositoryRoot } from '@pushfn/local/repository-root'
import { type Database, openDatabase } from '@pushfn/store/database'
import { migrate } from '@pushfn/store/migrate'
import { Client } from 'pg'
import { testServers } from './servers.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
}

/** A database of the test's own in the shared server, empty; gone when disposed. */
export const emptyDatabase = async (): Promise<TestDatabase> => {
  const { databaseUrl } = testServers()
  const name = `t_${randomBytes(6).toString('hex')}`
  await administer(databaseUrl, `CREATE DATABASE ${name}`)
  const url = new URL(databaseUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => administer(databaseUrl, `DROP DATABASE ${name} WITH (FORCE)`),
  }
}

export const MIGRATIONS = join(repositoryRoot, 'prisma/migrations')

/** A migrated database of the test's own, open. */
export const openTestDatabase = async (): Promise<TestDatabase & { readonly db: Database }> => {
  const empty = await emptyDatabase()
  await migrate(empty.url, MIGRATIONS)
  const db = openDatabase(empty.url)
  return {
    db,
    url: empty.url,
    [Symbol.asyncDispose]: async () => {
      await db.$disconnect()
      await empty[Symbol.asyncDispose]()
    },
  }
}

const administer = async (url: string, sql: string): Promise<void> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
