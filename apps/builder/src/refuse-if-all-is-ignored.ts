import { AppError } from '@pushfn/model/errors'
import { deployedTree, noteTree } from '@pushfn/store/deployed-tree'
import type { Run } from './run.ts'

/**
 * Throws NOTHING_CHANGED when the commit's files are those of what is live, but for ignored ones. Else notes them. What
 * somebody asked for by hand is built all the same, and so is what goes elsewhere than live.
 */
export const refuseIfAllIsIgnored = async (run: Run, tree: string): Promise<void> => {
  const { db } = run.context
  await noteTree(db, run.claim, tree)
  if (run.build.push.trigger !== 'push' || run.target) return
  const live = await deployedTree(db, run.build.push.repositoryId)
  if (live?.tree !== tree) return
  throw new AppError('NOTHING_CHANGED', 'all that changed is ignored', {
    hint: `since ${live.sha.slice(0, 8)}, which is live, only files changed that the setting “ignore” names: nothing is built`,
  })
}
