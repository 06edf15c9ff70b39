import type { Database, Transaction } from './database.ts'

/** The public half of a key that the cloud signs with. */
export interface SigningKeyFacts {
  id: string
  /** PEM. */
  publicKey: string
}

/** Keeps the public key for as long as the database lives: what it signed can be verified when the cloud has another one. */
export const keepSigningKey = async (tx: Transaction, { id, publicKey }: SigningKeyFacts): Promise<void> => {
  await tx.signingKey.createMany({ data: { id, publicKey }, skipDuplicates: true })
}

/** All keys that ever signed something here, newest first. */
export const signingKeys = (db: Database): Promise<SigningKeyFacts[]> =>
  db.signingKey.findMany({ orderBy: { createdAt: 'desc' }, select: { id: true, publicKey: true } })
