import { AppError } from '@pushfn/model/errors'
import { supersededBy } from '@pushfn/store/builds'
import type { Database } from '@pushfn/store/database'

/** Throws SUPERSEDED when the ref has a newer push. */
export const refuseIfSuperseded = async (db: Database, push: Parameters<typeof supersededBy>[1]): Promise<void> => {
  const newer = await supersededBy(db, push)
  if (!newer) return
  throw new AppError('SUPERSEDED', 'a newer push of the ref came', { hint: `superseded by ${newer.sha.slice(0, 8)}` })
}
