import { createHash } from 'node:crypto'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { Database } from './database.ts'

/** By name. */
export type SecretVersions = ReadonlyMap<string, number>

/** Those of all tenants, by tenant; or of one. */
export const secretVersions = async (db: Database, tenantId?: string): Promise<ReadonlyMap<string, SecretVersions>> => {
  const rows = await db.secret.findMany({
    where: tenantId === undefined ? {} : { tenantId },
    select: { tenantId: true, name: true, version: true },
  })
  const tenants = Map.groupBy(rows, (row) => row.tenantId)
  return new Map([...tenants].map(([id, all]) => [id, new Map(all.map(({ name, version }) => [name, version]))]))
}

/**
 * What says with which values of its secrets a replica runs, without a word of them: another one whenever one of them is
 * changed, removed or set again. Undefined for a function that names none.
 */
export const secretsKey = (
  { secrets, sealed }: Pick<FunctionSpec, 'secrets' | 'sealed'>,
  versions: SecretVersions | undefined,
): string | undefined => {
  const boxes = Object.keys(sealed).toSorted()
  if (secrets.length === 0 && boxes.length === 0) return undefined
  // What is in a box never changes under a revision.
  const all = [secrets.toSorted().map((name) => [name, versions?.get(name) ?? null]), boxes]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16)
}
