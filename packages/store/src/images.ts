import { AppError } from '@pushfn/model/errors'
import type { Database, Transaction } from './database.ts'

/** An image by what went into it. */
export interface KnownImage {
  /** `inputsHash` of packages/images. */
  inputs: string
  /** Name with tag, for people. */
  name: string
  /** What the engine runs it by. */
  digest: string
}

/** The tenant's image of these inputs; undefined when there is none. Whether it is still there, the engine alone knows. */
export const knownImage = async (db: Database, tenantId: string, inputs: string): Promise<KnownImage | undefined> =>
  (await db.image.findUnique({ where: { tenantId_inputs: { tenantId, inputs } } })) ?? undefined

/** Makes an image known, in the transaction that writes a revision of it: from then on others may be made of it too. */
export const rememberImage = async (tx: Transaction, tenantId: string, image: KnownImage): Promise<void> => {
  const { inputs, name, digest } = image
  await tx.image.upsert({
    where: { tenantId_inputs: { tenantId, inputs } },
    create: { tenantId, inputs, name, digest },
    update: { name, digest },
  })
}

/**
 * Keeps a known image for the transaction, at whose end a revision has it. Throws ENGINE_FAILED when it was given up since
 * it was looked up: the build is tried again, and builds it anew.
 */
export const holdImage = async (tx: Transaction, tenantId: string, image: KnownImage): Promise<void> => {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT digest FROM images
    WHERE tenant_id = ${tenantId}::uuid AND inputs = ${image.inputs} AND digest = ${image.digest} FOR SHARE`
  if (rows.length > 0) return
  throw new AppError('ENGINE_FAILED', `image ${image.name} was given up meanwhile`, {
    hint: 'an image that was to be used again was removed meanwhile: it is built anew',
  })
}

/**
 * Gives an image up, by all ids and digests that name it: nobody finds it any more. False, and nothing was changed, when a
 * revision that runs, shall run, can be called, or is kept for a rollback has it. To be asked before an image is removed from anywhere.
 */
export const giveUpImage = (db: Database, digests: readonly string[]): Promise<boolean> =>
  db.$transaction(async (tx) => {
    // Whoever is about to make a revision of it holds its row; the look at revisions comes after they are done.
    await tx.$queryRaw`SELECT inputs FROM images WHERE digest = ANY(${[...digests]}) ORDER BY tenant_id, inputs FOR UPDATE`
    const used = await tx.revision.findFirst({
      where: {
        digest: { in: [...digests] },
        OR: [{ wantedBy: { some: {} } }, { servedBy: { some: {} } }, { deployedAt: { not: null }, sweptAt: null }],
      },
      select: { id: true },
    })
    if (used) return false
    await tx.image.deleteMany({ where: { digest: { in: [...digests] } } })
    return true
  })
