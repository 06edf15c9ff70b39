import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@pushfn/store/migrate'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { emptyDatabase, MIGRATIONS } from '../../support/database.ts'

const copyOfMigrations = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-migrations-'))
  await cp(MIGRATIONS, folder, { recursive: true })
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

test('of many processes that migrate at once one does it, the others find it done', async () => {
  await using database = await emptyDatabase()
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url, MIGRATIONS)))
  const folders = (await readdir(MIGRATIONS, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  expect(applied.flat().toSorted()).toEqual(folders.map((entry) => entry.name).toSorted())
})

test('a migration that was edited after it was applied is refused', async () => {
  await using database = await emptyDatabase()
  await using copy = await copyOfMigrations()
  const [first = ''] = await migrate(database.url, copy.folder)
  await writeFile(join(copy.folder, first, 'migration.sql'), 'SELECT 1')
  await expect(migrate(database.url, copy.folder)).rejects.toThrow(/was changed after it was applied/)
})

test('a migration that fails leaves nothing behind and can be mended', async () => {
  await using database = await emptyDatabase()
  await using copy = await copyOfMigrations()
  const broken = join(copy.folder, '20990101000000_broken')
  await cp(join(MIGRATIONS, (await migrate(database.url, copy.folder))[0] ?? ''), broken, { recursive: true })
  await writeFile(join(broken, 'migration.sql'), 'CREATE TABLE half (id INT); SELECT 1/0;')
  await expect(migrate(database.url, copy.folder)).rejects.toThrow(/failed and was rolled back/)

  const client = new Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query(`SELECT to_regclass('half') AS half`)
  await client.end()
  expect(rows).toEqual([{ half: null }])

  await writeFile(join(broken, 'migration.sql'), 'CREATE TABLE whole (id INT)')
  expect(await migrate(database.url, copy.folder)).toEqual(['20990101000000_broken'])
})
