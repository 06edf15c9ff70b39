import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
    [Symbol.asyncDispose]: () => drop(databaseUrl, name),
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

/** PostgreSQL's own vacuum may be at a database that is dropped; nobody but it can end it, and it ends within moments. */
const drop = async (url: string, name: string): Promise<void> => {
  for (let left = 20; ; left -= 1) {
    try {
      return await administer(url, `DROP DATABASE ${name} WITH (FORCE)`)
    } catch (err) {
      const isBusy = err instanceof Error && 'code' in err && (err.code === '42501' || err.code === '55006')
      if (!isBusy || left === 0) throw err
      await sleep(250)
    }
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
