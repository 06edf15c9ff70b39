import type { ImageBase } from '@pushfn/model/image-base'
import { ImageBases } from '@pushfn/model/image-base'
import { DsseEnvelope } from '@pushfn/model/provenance'
import type { Database } from './database.ts'

/** An image of which no bill of materials was made yet. */
export interface DueSbom {
  digest: string
  /** Name with tag, for people. */
  name: string
  bases: ImageBase[] | null
  provenance: DsseEnvelope | null
  tries: number
}

/** After so many tries an image is left alone: it cannot be read. */
const MAX_TRIES = 6
/** Who took it is given up by then, and another takes it. */
const HOLD_MS = 300_000

/** Images of before are read too: called when a builder starts. */
export const seedSboms = async (db: Database): Promise<void> => {
  await db.$executeRaw`
    INSERT INTO image_records (digest)
    SELECT DISTINCT digest FROM revisions WHERE swept_at IS NULL AND state IN ('live', 'built')
    ON CONFLICT DO NOTHING`
}

/** Takes the image that waits longest, of those that run or are kept; undefined when there is none. */
export const takeSbom = async (db: Database): Promise<DueSbom | undefined> => {
  const [row] = await db.$queryRaw<
    { digest: string; name: string; bases: unknown; provenance: unknown; tries: number }[]
  >`
    UPDATE image_records t SET sbom_tries = sbom_tries + 1, sbom_due_at = now() + ${HOLD_MS} * interval '1 millisecond'
    FROM (
      SELECT i.digest, r.image FROM image_records i
      JOIN LATERAL (
        SELECT image FROM revisions WHERE digest = i.digest AND swept_at IS NULL AND state IN ('live', 'built') LIMIT 1
      ) r ON true
      WHERE i.sbom IS NULL AND i.sbom_tries < ${MAX_TRIES} AND i.sbom_due_at <= now()
      ORDER BY i.sbom_due_at LIMIT 1 FOR UPDATE OF i SKIP LOCKED
    ) due
    WHERE t.digest = due.digest
    RETURNING t.digest, due.image AS name, t.bases, t.provenance, t.sbom_tries AS tries`
  return (
    row && {
      ...row,
      bases: ImageBases.nullable().parse(row.bases),
      provenance: DsseEnvelope.nullable().parse(row.provenance),
    }
  )
}

/** Keeps what was made: gzip. */
export const keepSbom = async (db: Database, digest: string, sbom: Uint8Array): Promise<void> => {
  await db.imageRecord.updateMany({ where: { digest }, data: { sbom: new Uint8Array(sbom) } })
}

/** It is tried again after a while. A try that was ended from outside does not count. */
export const delaySbom = async (
  db: Database,
  digest: string,
  { ms, counts }: { ms: number; counts: boolean },
): Promise<void> => {
  await db.$executeRaw`
    UPDATE image_records SET sbom_due_at = now() + ${ms} * interval '1 millisecond',
      sbom_tries = sbom_tries - ${counts ? 0 : 1}
    WHERE digest = ${digest} AND sbom IS NULL`
}

/** The bill of materials (gzip); `waiting`: it is still to be made; `none`: it could not be made. */
export const sbomOf = async (db: Database, digest: string): Promise<Uint8Array | 'waiting' | 'none'> => {
  const row = await db.imageRecord.findUnique({ where: { digest }, select: { sbom: true, sbomTries: true } })
  return row?.sbom ?? ((row?.sbomTries ?? 0) < MAX_TRIES ? 'waiting' : 'none')
}
