import { LIVE } from '@pushfn/model/alias'
import { FunctionSpec } from '@pushfn/model/function-spec'
import { isSameSpec } from '@pushfn/model/same-spec'
import type { Transaction } from './database.ts'

/**
 * Leaves a function as it runs when a release wants exactly what is live: the same image, the same spec, and no other wish
 * on its way. Only its sequence moves on, so that an older push stays superseded. Hold the function first. Undefined when
 * there is something to deploy, and then nothing was changed.
 *
 * What is compared is what is live, never the commit before: however many commits a push brings, and whichever builds
 * between failed, no change is hidden.
 */
export const keepLive = async (
  tx: Transaction,
  functionId: string,
  wish: { buildId: string; sequence: bigint; digest: string; spec: FunctionSpec },
): Promise<{ aliasId: string; revisionId: string } | undefined> => {
  const { sequence } = wish
  const alias = await tx.alias.findUnique({
    where: { functionId_name: { functionId, name: LIVE } },
    include: { revision: true, function: { select: { removedAt: true } } },
  })
  const live = alias?.revision
  if (!live || live.id !== alias.wantedRevisionId || live.state !== 'live') return undefined
  if (alias.function.removedAt || alias.sequence > sequence) return undefined
  // A build that is tried again finds its own release: it went live, and is told so.
  if (live.buildId === wish.buildId || live.digest !== wish.digest) return undefined
  if (!isSameSpec(FunctionSpec.parse(live.spec), wish.spec)) return undefined
  await tx.alias.update({ where: { id: alias.id }, data: { sequence, failure: null } })
  return { aliasId: alias.id, revisionId: live.id }
}
