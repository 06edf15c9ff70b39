import { type ImageBase, ImageBases } from '@pushfn/model/image-base'
import { DsseEnvelope } from '@pushfn/model/provenance'
import type { Database, Transaction } from './database.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

/** What is known of how an image came about, by its digest: kept for as long as a revision has it. */
export interface ImageFacts {
  digest: string
  bases: readonly ImageBase[]
  /** How it was built, signed; undefined where that is not known. */
  provenance?: DsseEnvelope | undefined
}

/** Keeps what is known of images, in the transaction that writes revisions of them. What is kept already stays as it is. */
export const recordImages = async (tx: Transaction, images: readonly ImageFacts[]): Promise<void> => {
  const data = images.map(({ digest, bases, provenance }) => ({
    digest,
    bases: storable(bases.map((base) => ({ ...base }))),
    provenance: provenance ?? Prisma.DbNull,
  }))
  // In one order for everybody, so that two releases never wait for each other in a circle.
  await tx.imageRecord.createMany({
    data: data.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
    skipDuplicates: true,
  })
}

/** What images stand on, by digest; null, or no entry, where that was not recorded. */
export const basesOf = async (
  db: Database,
  digests: readonly string[],
): Promise<ReadonlyMap<string, ImageBase[] | null>> => {
  const rows = await db.imageRecord.findMany({
    where: { digest: { in: [...digests] } },
    select: { digest: true, bases: true },
  })
  return new Map(rows.map((row) => [row.digest, ImageBases.nullable().parse(row.bases)]))
}

/** How an image was built, as the builder signed it; undefined where that was not recorded. */
export const provenanceOf = async (db: Database, digest: string): Promise<DsseEnvelope | undefined> => {
  const row = await db.imageRecord.findUnique({ where: { digest }, select: { provenance: true } })
  return DsseEnvelope.nullish().parse(row?.provenance) ?? undefined
}

/** Forgets images that no revision has that is kept, and that no build finds any more. Returns how many. */
export const sweepImageRecords = (db: Database): Promise<number> =>
  db.$executeRaw`
    DELETE FROM image_records i
    WHERE i.created_at < now() - interval '1 day'
      AND NOT EXISTS (SELECT FROM revisions r WHERE r.digest = i.digest AND r.swept_at IS NULL)
      AND NOT EXISTS (SELECT FROM images k WHERE k.digest = i.digest)`
