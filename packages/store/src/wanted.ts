import { RateLimits } from '@pushfn/model/access-policy'
import { aliasHost, CANARY, COMMIT_ALIAS, LIVE } from '@pushfn/model/alias'
import { FunctionSpec } from '@pushfn/model/function-spec'
import { type CanaryPlace, type CanarySplit, splitOf } from './canary-split.ts'
import type { Database } from './database.ts'
import type { Prisma } from './generated/client.ts'
import { type SecretVersions, secretsKey, secretVersions } from './secret-versions.ts'

/**
 * What the controller compares with the engine: for each alias the revision that is live there, and the one that is wanted.
 */
export interface WantedState {
  aliasId: string
  functionId: string
  tenantId: string
  tenant: string
  /** The function's. */
  name: string
  alias: string
  /** The first label of the alias's host. */
  host: string
  /** Removed by its owner, or its tenant is gone or suspended: nothing of it shall run. */
  isRemoved: boolean
  /** Of all its tenant's functions together; null: the cloud's own. */
  tenantLimits: RateLimits | null
  /** What callers of the host reach. */
  live?: RevisionState
  wanted?: RevisionState
  /** Of `live` with a canary beside it: what part of its calls the canary has, and the first label of its host. */
  split?: CanarySplit & { host: string }
}

export interface RevisionState {
  id: string
  buildId: string
  digest: string
  sequence: bigint
  spec: FunctionSpec
  /** Another one whenever a secret is changed that it names; absent when it names none. */
  secretsKey?: string
  /** `ready`: it answers, and waits for the others of its stack. */
  state: 'built' | 'wanted' | 'ready' | 'live' | 'failed'
}

const include = {
  function: {
    include: {
      tenant: { select: { id: true, slug: true, suspendedAt: true, removedAt: true, limits: true } },
      canary: { include: { alias: { select: { revisionId: true, removedAt: true } } } },
    },
  },
  revision: true,
  wanted: true,
} satisfies Prisma.AliasInclude

type Row = Prisma.AliasGetPayload<{ include: typeof include }>

/** One alias, undefined when there is none of that id. */
export const wantedState = async (db: Database, aliasId: string): Promise<WantedState | undefined> => {
  const row = await db.alias.findUnique({ where: { id: aliasId }, include })
  return row ? stateOf(row, await versionsOf(db, [row])) : undefined
}

/** All aliases of one function. */
export const wantedStatesOf = async (db: Database, functionId: string): Promise<WantedState[]> => {
  const rows = await db.alias.findMany({ where: { functionId }, include })
  const versions = await versionsOf(db, rows)
  return rows.map((row) => stateOf(row, versions))
}

/** Of the one tenant whose rows these are. Read after them: what is compared is never older than what names it. */
const versionsOf = async (db: Database, [row]: readonly Row[]): Promise<SecretVersions | undefined> => {
  const tenantId = row?.function.tenant.id
  return tenantId === undefined ? undefined : (await secretVersions(db, tenantId)).get(tenantId)
}

/**
 * Every alias under which something runs, shall run, or shall stop running: one row for each, and the specs of revisions
 * that are not in `known` yet. A spec never changes, so with ten thousand functions a look costs their rows and nothing
 * else. `known` is brought up to date. Without commits' aliases, of which there are several to a function and nothing
 * happens, unless `withCommits`; then nothing is forgotten of `known` either.
 */
export const allWantedStates = async (
  db: Database,
  known: Map<string, FunctionSpec>,
  { withCommits }: { withCommits: boolean } = { withCommits: true },
): Promise<WantedState[]> => {
  const rows = await db.$queryRaw<LightRow[]>`
    SELECT a.id AS "aliasId", a.name AS alias, f.id AS "functionId", f.name, t.id AS "tenantId", t.slug AS tenant, t.limits AS "tenantLimits",
      (f.removed_at IS NOT NULL OR a.removed_at IS NOT NULL) AS "isGone",
      (t.suspended_at IS NOT NULL OR t.removed_at IS NOT NULL) AS "isTenantGone",
      l.id AS "liveId", l.build_id AS "liveBuild", l.digest AS "liveDigest", l.sequence AS "liveSequence", l.state::text AS "liveState",
      w.id AS "wantedId", w.build_id AS "wantedBuild", w.digest AS "wantedDigest", w.sequence AS "wantedSequence", w.state::text AS "wantedState",
      a.revision_id AS "revisionId", a.wanted_revision_id AS "wantedRevisionId",
      c.id AS "canaryId", c.turn, c.weight, c.baseline_id AS "baselineId", c.revision_id AS "canaryRevision",
      ca.revision_id AS "canaryServes", ca.removed_at IS NOT NULL AS "isCanaryGone",
      c.turn_at IS NOT NULL AS "isCanaryOn"
    FROM aliases a
    JOIN functions f ON f.id = a.function_id
    JOIN tenants t ON t.id = f.tenant_id
    LEFT JOIN revisions l ON l.id = a.revision_id
    LEFT JOIN revisions w ON w.id = a.wanted_revision_id
    LEFT JOIN canaries c ON c.running_function_id = f.id AND a.name = ${LIVE}
    LEFT JOIN aliases ca ON ca.id = c.alias_id
    WHERE (f.removed_at IS NULL OR a.revision_id IS NOT NULL OR a.name <> ${LIVE})
      AND (${withCommits} OR a.name !~ ${COMMIT_ALIAS.source})`
  const ids = new Set(rows.flatMap((row) => [row.liveId, row.wantedId]).filter((id) => id !== null))
  const unknown = [...ids].filter((id) => !known.has(id))
  for (let from = 0; from < unknown.length; from += SLICE) {
    const where = { id: { in: unknown.slice(from, from + SLICE) } }
    const specs = await db.revision.findMany({ where, select: { id: true, spec: true } })
    for (const { id, spec } of specs) known.set(id, FunctionSpec.parse(spec))
  }
  if (withCommits) for (const id of known.keys()) if (!ids.has(id)) known.delete(id)
  const versions = await secretVersions(db)
  return rows.map((row) => {
    const live = lightRevision(known, versions, row, 'live')
    const wanted = row.wantedId === row.liveId ? live : lightRevision(known, versions, row, 'wanted')
    return {
      aliasId: row.aliasId,
      functionId: row.functionId,
      tenantId: row.tenantId,
      tenant: row.tenant,
      name: row.name,
      alias: row.alias,
      host: aliasHost(row),
      isRemoved: row.isGone || row.isTenantGone,
      tenantLimits: row.tenantLimits === null ? null : RateLimits.parse(row.tenantLimits),
      ...(live && { live }),
      ...(wanted && { wanted }),
      ...splitFor(row, lightCanary(row)),
    }
  })
}

/** As many specs are parsed at a stretch: the process has other things to do as well. */
const SLICE = 500

type Place = 'live' | 'wanted'
type LightRow = Pick<WantedState, 'aliasId' | 'functionId' | 'tenantId' | 'tenant' | 'name' | 'alias'> & {
  tenantLimits: unknown
  isGone: boolean
  isTenantGone: boolean
  revisionId: string | null
  wantedRevisionId: string | null
  canaryId: string | null
  turn: number | null
  weight: number | null
  baselineId: string | null
  canaryRevision: string | null
  canaryServes: string | null
  isCanaryGone: boolean
  isCanaryOn: boolean
} & Record<`${Place}${'Id' | 'Build' | 'Digest'}`, string | null> &
  Record<`${Place}Sequence`, bigint | null> &
  Record<`${Place}State`, RevisionState['state'] | null>

const lightRevision = (
  known: ReadonlyMap<string, FunctionSpec>,
  versions: ReadonlyMap<string, SecretVersions>,
  row: LightRow,
  place: Place,
): RevisionState | undefined => {
  const id = row[`${place}Id`]
  const buildId = row[`${place}Build`]
  const digest = row[`${place}Digest`]
  const sequence = row[`${place}Sequence`]
  const state = row[`${place}State`]
  const spec = id === null ? undefined : known.get(id)
  if (!id || !buildId || !digest || sequence === null || !state || !spec) return undefined
  return { id, buildId, digest, sequence, state, spec, ...keyOf(spec, versions.get(row.tenantId)) }
}

const keyOf = (spec: FunctionSpec, versions: SecretVersions | undefined): Pick<RevisionState, 'secretsKey'> => {
  const key = secretsKey(spec, versions)
  return key === undefined ? {} : { secretsKey: key }
}

const lightCanary = (row: LightRow): CanaryPlace | undefined => {
  const { canaryId: id, turn, weight, baselineId, canaryRevision: revisionId } = row
  if (id === null || turn === null || weight === null || baselineId === null || revisionId === null) return undefined
  const { canaryServes: servedId, isCanaryGone: isRemoved, isCanaryOn: isOn } = row
  return { id, turn, weight, baselineId, revisionId, servedId, isRemoved, isOn }
}

const splitFor = (
  live: Parameters<typeof splitOf>[0] & { tenant: string },
  canary: CanaryPlace | undefined,
): Pick<WantedState, 'split'> => {
  const split = canary && splitOf(live, canary)
  return split ? { split: { ...split, host: aliasHost({ tenant: live.tenant, alias: CANARY }) } } : {}
}

const stateOf = (row: Row, versions: SecretVersions | undefined): WantedState => {
  const { function: fn, revision, wanted } = row
  const { tenant } = fn
  return {
    aliasId: row.id,
    functionId: fn.id,
    tenantId: tenant.id,
    tenant: tenant.slug,
    name: fn.name,
    alias: row.name,
    host: aliasHost({ tenant: tenant.slug, alias: row.name }),
    isRemoved: Boolean(row.removedAt ?? fn.removedAt ?? tenant.suspendedAt ?? tenant.removedAt),
    tenantLimits: RateLimits.nullable().parse(tenant.limits),
    ...(revision && { live: revisionOf(revision, versions) }),
    ...(wanted && { wanted: revisionOf(wanted, versions) }),
    ...(row.name === LIVE && splitFor({ ...row, tenant: tenant.slug }, placeOf(fn.canary))),
  }
}

const placeOf = (canary: Row['function']['canary']): CanaryPlace | undefined => {
  if (!canary) return undefined
  const { alias, turnAt } = canary
  return {
    ...canary,
    servedId: alias?.revisionId ?? null,
    isRemoved: Boolean(alias?.removedAt),
    isOn: turnAt !== null,
  }
}

const revisionOf = (row: NonNullable<Row['wanted']>, versions: SecretVersions | undefined): RevisionState => {
  const spec = FunctionSpec.parse(row.spec)
  const { id, buildId, digest, sequence, state } = row
  return { id, buildId, digest, sequence, state, spec, ...keyOf(spec, versions) }
}
