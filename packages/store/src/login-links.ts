import { createHash, randomBytes } from 'node:crypto'
import type { Database } from './database.ts'

/** Makes a link's code that signs the person in once, until it expires, and returns it: the only time that it can be seen. */
export const createLoginCode = async (db: Database, personId: string, expiresAt: Date): Promise<string> => {
  const code = randomBytes(32).toString('base64url')
  await db.loginLink.deleteMany({ where: { expiresAt: { lt: new Date() } } })
  await db.loginLink.create({ data: { hash: hashOf(code), personId, expiresAt } })
  return code
}

/** Whom a code signs in, who has used it up by that; undefined when it is unknown, used or expired. */
export const takeLoginCode = async (db: Database, code: string): Promise<string | undefined> => {
  const [taken] = await db.$queryRaw<{ personId: string; expiresAt: Date }[]>`
    DELETE FROM login_links WHERE hash = ${hashOf(code)}
    RETURNING person_id AS "personId", expires_at AS "expiresAt"`
  return taken && taken.expiresAt > new Date() ? taken.personId : undefined
}

const hashOf = (code: string): Uint8Array<ArrayBuffer> => new Uint8Array(createHash('sha256').update(code).digest())
