import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryRoot } from '@pushfn/local/repository-root'
import { migrate } from '@pushfn/store/migrate'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { emptyDatabase, MIGRATIONS } from '../../support/database.ts'

/** What schema.prisma says and what the migrations made must be the same: Prisma's own comparison needs a binary. */

interface Column {
  table: string
  column: string
  type: string
  isNullable: boolean
}

const SCALARS: Readonly<Record<string, string>> = {
  String: 'text',
  Boolean: 'bool',
  Int: 'int4',
  BigInt: 'int8',
  DateTime: 'timestamptz',
  Json: 'jsonb',
  Bytes: 'bytea',
}

const parseSchema = (text: string) => {
  const enums = new Map<string, string[]>()
  const columns: Column[] = []
  const uniques: string[] = []
  for (const [, name = '', body = ''] of text.matchAll(/^enum (\w+) \{\n(.*?)^\}/gms)) {
    enums.set(
      name,
      body
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    )
  }
  for (const [, model = '', body = ''] of text.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)) {
    const lines = body
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line && !line.startsWith('//'))
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? model
    const dbName = new Map<string, string>()
    for (const line of lines) {
      const [, name, type, mark] = /^(\w+)\s+(\w+)(\?|\[\])?/.exec(line) ?? []
      if (!name || !type) continue
      const base = SCALARS[type] ?? (enums.has(type) ? type : undefined)
      if (!base) continue
      const column = /@map\("(\w+)"\)/.exec(line)?.[1] ?? name
      dbName.set(name, column)
      const single = line.includes('@db.Uuid') ? 'uuid' : base
      columns.push({ table, column, type: mark === '[]' ? `_${single}` : single, isNullable: mark === '?' })
      if (/@unique|@id\b/.test(line)) uniques.push(`${table}(${column})`)
    }
    for (const [, fields = ''] of body.matchAll(/@@(?:unique|id)\(\[([^\]]+)\]/g)) {
      uniques.push(
        `${table}(${fields
          .split(',')
          .map((field) => dbName.get(field.trim()))
          .join(',')})`,
      )
    }
  }
  return { enums, columns, uniques }
}

const sorted = <T>(rows: T[]): T[] => rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

test('the migrated database and schema.prisma agree on tables, columns, types, enums and uniqueness', async () => {
  await using database = await emptyDatabase()
  await migrate(database.url, MIGRATIONS)
  const schema = parseSchema(await readFile(join(repositoryRoot, 'prisma/schema.prisma'), 'utf8'))
  expect(schema.columns.length).toBeGreaterThan(60)

  const client = new Client({ connectionString: database.url })
  await client.connect()
  try {
    const columns = await client.query<Column>(
      `SELECT table_name AS "table", column_name AS "column", udt_name AS "type", is_nullable = 'YES' AS "isNullable"
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_prisma%'`,
    )
    expect(sorted(columns.rows)).toEqual(sorted(schema.columns))

    const enums = await client.query<{ name: string; labels: string[] }>(
      `SELECT t.typname AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
       FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid GROUP BY t.typname`,
    )
    expect(new Map(enums.rows.map((row) => [row.name, row.labels]))).toEqual(schema.enums)

    const uniques = await client.query<{ index: string }>(
      `SELECT c.relname || '(' || string_agg(a.attname, ',' ORDER BY k.n) || ')' AS index
       FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace s ON s.oid = c.relnamespace
       CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, n)
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
       WHERE i.indisunique AND s.nspname = 'public' AND c.relname NOT LIKE '\\_prisma%' GROUP BY i.indexrelid, c.relname`,
    )
    expect(uniques.rows.map((row) => row.index).toSorted()).toEqual(schema.uniques.toSorted())
  } finally {
    await client.end()
  }
})
