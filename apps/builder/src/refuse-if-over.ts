import { AppError } from '@pushfn/model/errors'
import { type ClaimedBuild, supersededBy } from '@pushfn/store/builds'
import { refuseIfCancelled } from '@pushfn/store/cancellation'
import type { Database } from '@pushfn/store/database'

/** Throws CANCELLED when the build's repository or tenant went, SUPERSEDED when its ref has a newer push. */
export const refuseIfOver = async (db: Database, build: ClaimedBuild): Promise<void> => {
  await refuseIfCancelled(db, { id: build.id, tenantId: build.push.repository.tenantId })
  const newer = await supersededBy(db, build.push, build.isStaged)
  if (!newer) return
  throw new AppError('SUPERSEDED', 'a newer push of the ref came', { hint: `superseded by ${newer.sha.slice(0, 8)}` })
}
