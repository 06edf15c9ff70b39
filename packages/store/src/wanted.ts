import { RateLimits } from '@pushfn/model/access-policy'
import { FunctionSpec } from '@pushfn/model/function-spec'
import type { Database } from './database.ts'
import type { Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

/**
 * What the controller compares with the engine: for each function the revision that is live and the one that is wanted.
 */
export interface WantedState {
  functionId: string
  tenant: string
  name: string
  /** Removed by its owner, or its tenant is gone or suspended: nothing of it shall run. */
  isRemoved: boolean
  /** Of all its tenant's functions together; null: the cloud's own. */
  tenantLimits: RateLimits | null
  live?: RevisionState
  wanted?: RevisionState
}

export interface RevisionState {
  id: string
  buildId: string
  digest: string
  sequence: bigint
  spec: FunctionSpec
  /** `ready`: it answers, and waits for the others of its stack. */
  state: 'wanted' | 'ready' | 'live' | 'failed'
}

const include = {
  tenant: { select: { slug: true, suspendedAt: true, removedAt: true, limits: true } },
  wantedRevision: true,
  aliases: { where: { name: 'live' }, include: { revision: true } },
} satisfies Prisma.FunctionInclude

type Row = Prisma.FunctionGetPayload<{ include: typeof include }>

/** One function, undefined when there is none of that id. */
export const wantedState = async (db: Database, functionId: string): Promise<WantedState | undefined> => {
  const row = await db.function.findUnique({ where: { id: functionId }, include })
  return row ? stateOf(row) : undefined
}

/**
 * Every function that runs, shall run, or shall stop running: one row for each, and the specs of revisions that are not in
 * `known` yet. A spec never changes, so with ten thousand functions a look costs their rows and nothing else. `known` is
 * brought up to date.
 */
export const allWantedStates = async (db: Database, known: Map<string, FunctionSpec>): Promise<WantedState[]> => {
  const rows = await db.$queryRaw<LightRow[]>`
    SELECT f.id AS "functionId", f.name, t.slug AS tenant, t.limits AS "tenantLimits", f.removed_at IS NOT NULL AS "isGone",
      (t.suspended_at IS NOT NULL OR t.removed_at IS NOT NULL) AS "isTenantGone",
      l.id AS "liveId", l.build_id AS "liveBuild", l.digest AS "liveDigest", l.sequence AS "liveSequence", l.state::text AS "liveState",
      w.id AS "wantedId", w.build_id AS "wantedBuild", w.digest AS "wantedDigest", w.sequence AS "wantedSequence", w.state::text AS "wantedState"
    FROM functions f
    JOIN tenants t ON t.id = f.tenant_id
    LEFT JOIN aliases a ON a.function_id = f.id AND a.name = 'live'
    LEFT JOIN revisions l ON l.id = a.revision_id
    LEFT JOIN revisions w ON w.id = f.wanted_revision_id
    WHERE f.removed_at IS NULL OR a.function_id IS NOT NULL`
  const ids = new Set(rows.flatMap((row) => [row.liveId, row.wantedId]).filter((id) => id !== null))
  const unknown = [...ids].filter((id) => !known.has(id))
  for (let from = 0; from < unknown.length; from += SLICE) {
    const where = { id: { in: unknown.slice(from, from + SLICE) } }
    const specs = await db.revision.findMany({ where, select: { id: true, spec: true } })
    for (const { id, spec } of specs) known.set(id, FunctionSpec.parse(spec))
  }
  for (const id of known.keys()) if (!ids.has(id)) known.delete(id)
  return rows.map((row) => {
    const live = lightRevision(known, row, 'live')
    const wanted = row.wantedId === row.liveId ? live : lightRevision(known, row, 'wanted')
    return {
      functionId: row.functionId,
      tenant: row.tenant,
      name: row.name,
      isRemoved: row.isGone || row.isTenantGone,
      tenantLimits: row.tenantLimits === null ? null : RateLimits.parse(row.tenantLimits),
      ...(live && { live }),
      ...(wanted && { wanted }),
    }
  })
}

/** As many specs are parsed at a stretch: the process has other things to do as well. */
const SLICE = 500

type Place = 'live' | 'wanted'
type LightRow = Pick<WantedState, 'functionId' | 'tenant' | 'name'> & {
  tenantLimits: unknown
  isGone: boolean
  isTenantGone: boolean
} & Record<`${Place}${'Id' | 'Build' | 'Digest'}`, string | null> &
  Record<`${Place}Sequence`, bigint | null> &
  Record<`${Place}State`, RevisionState['state'] | null>

const lightRevision = (
  known: ReadonlyMap<string, FunctionSpec>,
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
  return { id, buildId, digest, sequence, state, spec }
}

const stateOf = (row: Row): WantedState => {
  const live = row.aliases[0]?.revision
  return {
    functionId: row.id,
    tenant: row.tenant.slug,
    name: row.name,
    isRemoved: Boolean(row.removedAt ?? row.tenant.suspendedAt ?? row.tenant.removedAt),
    tenantLimits: RateLimits.nullable().parse(row.tenant.limits),
    ...(live && { live: revisionOf(live) }),
    ...(row.wantedRevision && { wanted: revisionOf(row.wantedRevision) }),
  }
}

const revisionOf = (row: NonNullable<Row['wantedRevision']>): RevisionState => ({
  id: row.id,
  buildId: row.buildId,
  digest: row.digest,
  sequence: row.sequence,
  state: row.state,
  spec: FunctionSpec.parse(row.spec),
})

/**
 * Moves `live` to a revision that answers. One transaction, and only when it is still the wanted one of a function that
 * shall run: a controller that slept through a newer wish, or through the end of a repository, changes nothing and gets
 * false.
 */
export const moveLive = (
  db: Database,
  facts: { functionId: string; revisionId: string; sequence: bigint },
): Promise<boolean> =>
  db.$transaction(async (tx) => {
    const rows = await tx.$queryRaw<unknown[]>`
      SELECT f.id FROM functions f
        JOIN repositories r ON r.id = f.repository_id AND r.tenant_id = f.tenant_id AND r.removed_at IS NULL
        JOIN tenants t ON t.id = f.tenant_id AND t.removed_at IS NULL AND t.suspended_at IS NULL
      WHERE f.id = ${facts.functionId}::uuid
        AND f.wanted_revision_id = ${facts.revisionId}::uuid AND f.removed_at IS NULL FOR UPDATE OF f`
    if (rows.length === 0) return false
    const alias = { functionId: facts.functionId, name: 'live' }
    const place = { revisionId: facts.revisionId, sequence: facts.sequence, movedAt: new Date() }
    await tx.alias.upsert({ where: { functionId_name: alias }, create: { ...alias, ...place }, update: place })
    return true
  })

/** How far the other functions of a revision's stack are. */
export type StackReadiness = { kind: 'ready' } | { kind: 'waiting' } | { kind: 'failed'; function: string }

/** Says that a revision answers, and returns how far its stack is: functions of one push go live together or not at all. */
export const readyInStack = async (
  db: Database,
  revision: { id: string; buildId: string },
): Promise<StackReadiness> => {
  const states = () =>
    db.revision.findMany({
      where: { buildId: revision.buildId },
      select: { id: true, state: true, function: { select: { name: true } } },
    })
  const before = await states()
  if (before.length === 1) return { kind: 'ready' }
  await db.revision.updateMany({ where: { id: revision.id, state: 'wanted' }, data: { state: 'ready' } })
  const rows = await states()
  const failed = rows.find((row) => row.state === 'failed')
  if (failed) return { kind: 'failed', function: failed.function.name }
  return { kind: rows.some((row) => row.state === 'wanted') ? 'waiting' : 'ready' }
}

/** Says that callers reach the revision now: the builder waits for this word. */
export const confirmLive = async (db: Database, revisionId: string): Promise<void> => {
  await db.revision.update({ where: { id: revisionId }, data: { state: 'live', failure: null } })
}

/** A revision did not get ready: says why, and takes the wish for it back, so that what is live stays the wanted one. */
export const failRevision = (
  db: Database,
  facts: { functionId: string; revisionId: string; failure: string },
): Promise<void> =>
  db.$transaction(async (tx) => {
    await tx.revision.updateMany({
      where: { id: facts.revisionId, state: { in: ['wanted', 'ready'] } },
      data: { state: 'failed', failure: storable(facts.failure) },
    })
    const live = await tx.alias.findUnique({
      where: { functionId_name: { functionId: facts.functionId, name: 'live' } },
    })
    await tx.function.updateMany({
      where: { id: facts.functionId, wantedRevisionId: facts.revisionId },
      data: { wantedRevisionId: live?.revisionId ?? null },
    })
  })

/** Nothing of the function runs any more. */
export const forgetLive = async (db: Database, functionId: string): Promise<void> => {
  await db.alias.deleteMany({ where: { functionId, name: 'live', function: { removedAt: { not: null } } } })
}
