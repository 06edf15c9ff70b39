import { COMMIT_ALIAS } from '@pushfn/model/alias'
import { AppError } from '@pushfn/model/errors'
import { MAX_SECRETS, MAX_SECRETS_BYTES } from '@pushfn/model/secret'
import type { Database, Transaction } from './database.ts'
import type { Secret } from './generated/client.ts'

/** A value as it is kept: nothing in this package can open it. */
export type SealedValue = Pick<Secret, 'keyId' | 'wrappedKey' | 'sealed'>

export type SealedSecret = SealedValue & Pick<Secret, 'tenantId' | 'name' | 'version'>

/** What may be told of a secret, and who runs with it. */
export interface SecretRow extends Pick<Secret, 'name' | 'version' | 'createdAt' | 'updatedAt'> {
  functions: NamingFunction[]
}

export interface NamingFunction {
  id: string
  name: string
  /** Why it does not run with the newest values of its secrets; null: it does, or nobody knows yet. */
  failure: string | null
}

/**
 * Sets a tenant's secret, which is made when it is new. Throws CONFLICT when the tenant has as much as it may have. The functions that name it are
 * to be rung for.
 */
export const setSecret = (db: Database, key: SecretKey, value: SealedValue): Promise<SecretRow> =>
  db.$transaction(async (tx) => {
    // Holds the tenant too, so that two that are set at once are both counted.
    const { secretChanges: version } = await tx.tenant.update({
      where: { id: key.tenantId },
      data: { secretChanges: { increment: 1 } },
      select: { secretChanges: true },
    })
    const changed = { ...value, version, updatedAt: new Date() }
    const where = { tenantId_name: key }
    const row = await tx.secret.upsert({ where, create: { ...key, ...changed }, update: changed, omit: OMIT })
    await refuseIfTooMuch(tx, key.tenantId)
    return { ...row, functions: (await functionsNaming(tx, key)).get(key.name) ?? [] }
  })

type SecretKey = Pick<Secret, 'tenantId' | 'name'>

const OMIT = { keyId: true, wrappedKey: true, sealed: true } as const

const refuseIfTooMuch = async (tx: Transaction, tenantId: string): Promise<void> => {
  const [all] = await tx.$queryRaw<[{ count: number; bytes: number }]>`
    SELECT count(*)::int AS count, coalesce(sum(octet_length(sealed)), 0)::int AS bytes
    FROM secrets WHERE tenant_id = ${tenantId}::uuid`
  if (all.count > MAX_SECRETS) {
    throw new AppError('CONFLICT', 'too many secrets', {
      hint: `a tenant may have ${MAX_SECRETS} secrets: remove one`,
    })
  }
  if (all.bytes > MAX_SECRETS_BYTES) {
    throw new AppError('CONFLICT', 'secrets too large', {
      hint: `all secrets of a tenant together may have ${MAX_SECRETS_BYTES / 1024} KiB: remove one, or make it smaller`,
    })
  }
}

/** A tenant's secrets, by name. */
export const secretsOf = async (db: Database, tenantId: string): Promise<SecretRow[]> => {
  const rows = await db.secret.findMany({ where: { tenantId }, omit: OMIT, orderBy: { name: 'asc' } })
  const functions = await functionsNaming(db, { tenantId })
  return rows.map((row) => ({ ...row, functions: functions.get(row.name) ?? [] }))
}

/** Removes a secret; false when there is none. Throws CONFLICT while functions run with it, or shall. */
export const removeSecret = (db: Database, key: SecretKey): Promise<boolean> =>
  db.$transaction(async (tx) => {
    // Releases share the tenant's row: what they wish is seen, or they see that the secret is gone.
    await tx.$queryRaw`SELECT id FROM tenants WHERE id = ${key.tenantId}::uuid FOR UPDATE`
    const functions = (await functionsNaming(tx, key)).get(key.name) ?? []
    if (functions.length > 0) {
      const names = functions.map(({ name }) => `“${name}”`).join(', ')
      throw new AppError('CONFLICT', 'the secret is in use', {
        hint: `${names} ${functions.length > 1 ? 'run' : 'runs'} with the secret “${key.name}”: take it out of stack.yml and push first`,
      })
    }
    const { count } = await tx.secret.deleteMany({ where: key })
    return count > 0
  })

/** Of these names, those of which the tenant has no secret. */
export const missingSecrets = async (
  db: Database | Transaction,
  tenantId: string,
  names: readonly string[],
): Promise<string[]> => {
  const rows = await db.secret.findMany({ where: { tenantId, name: { in: [...names] } }, select: { name: true } })
  const there = new Set(rows.map(({ name }) => name))
  return names.filter((name) => !there.has(name))
}

/** The values of these names, as far as there are any. */
export const sealedSecrets = (db: Database, tenantId: string, names: readonly string[]): Promise<SealedSecret[]> =>
  db.secret.findMany({ where: { tenantId, name: { in: [...names] } } })

/** Some that another key than this one wraps, after the one that is given. */
export const secretsUnderOtherKeys = (
  db: Database,
  keyId: string,
  after: SecretKey | undefined,
): Promise<SealedSecret[]> =>
  db.secret.findMany({
    where: {
      keyId: { not: keyId },
      ...(after && {
        OR: [{ tenantId: { gt: after.tenantId } }, { tenantId: after.tenantId, name: { gt: after.name } }],
      }),
    },
    orderBy: [{ tenantId: 'asc' }, { name: 'asc' }],
    take: 100,
  })

/** Puts the same value under another key, unless it was changed meanwhile. */
export const rewrapSecret = async (db: Database, before: SealedSecret, after: SealedValue): Promise<boolean> => {
  const { tenantId, name, version, keyId } = before
  const { count } = await db.secret.updateMany({ where: { tenantId, name, version, keyId }, data: after })
  return count > 0
}

/**
 * By secret, the functions that run with it, or shall: live, in an environment, a preview or a canary. What stands only for
 * rollbacks and under commits' URLs does not hold a secret.
 */
const functionsNaming = async (
  db: Database | Transaction,
  of: { tenantId: string; name?: string },
): Promise<ReadonlyMap<string, NamingFunction[]>> => {
  const rows = await db.$queryRaw<(NamingFunction & { secret: string })[]>`
    SELECT f.id, f.name, s.value AS secret, max(a.secrets_failure) AS failure
    FROM functions f
      JOIN aliases a ON a.function_id = f.id AND a.removed_at IS NULL AND a.name !~ ${COMMIT_ALIAS.source}
      JOIN revisions r ON r.id IN (a.revision_id, a.wanted_revision_id)
      CROSS JOIN LATERAL jsonb_array_elements_text(r.spec -> 'secrets') s(value)
    WHERE f.tenant_id = ${of.tenantId}::uuid AND f.removed_at IS NULL
      AND s.value = coalesce(${of.name ?? null}, s.value)
    GROUP BY f.id, f.name, s.value ORDER BY f.name`
  return Map.groupBy(rows, ({ secret }) => secret)
}
