import { AppError } from '@pushfn/model/errors'
import { deployedTree, noteTree } from '@pushfn/store/deployed-tree'
import { tagOf } from '@pushfn/store/promotions'
import type { Run } from './run.ts'

/**
 * Throws NOTHING_CHANGED when the commit's files are those of what is live, but for ignored ones. Else notes them. What
 * somebody asked for by hand or by a tag is built all the same, and so is what goes elsewhere than live.
 */
export const refuseIfAllIsIgnored = async (run: Run, tree: string): Promise<void> => {
  const { db } = run.context
  await noteTree(db, run.claim, tree)
  const { push, isStaged } = run.build
  if (push.trigger !== 'push' || run.target || isStaged || tagOf(push.ref) !== undefined) return
  const live = await deployedTree(db, run.build.push.repositoryId)
  if (live?.tree !== tree) return
  throw new AppError('NOTHING_CHANGED', 'all that changed is ignored', {
    hint: `since ${live.sha.slice(0, 8)}, which is live, only files changed that the setting “ignore” names: nothing is built`,
  })
}
