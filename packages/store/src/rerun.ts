import { BuildTarget } from '@pushfn/model/build-target'
import type { Transaction } from './database.ts'
import { recordDeployAgain } from './deploys.ts'
import type { Push } from './generated/client.ts'
import type { PushFacts, RecordedPush } from './push-rows.ts'
import { recordPush } from './pushes.ts'

export interface RerunFacts extends Pick<PushFacts, 'repository' | 'sha' | 'delivery'> {
  /** The build that is to be run again, when one was named; it counts only when it is of this repository and commit. */
  buildId?: string | undefined
  /** Who asks for it. */
  by: string
}

/**
 * Builds a commit once more, as if its branch had been found to stand there: the branch's newest commit alone, since an
 * older one must not overtake it; what was a preview is one again. Of an older one an ended build is kept that says so on the
 * commit. What was asked for by hand, or by a build hook, is asked for once more. `known`: it is being built, or was built again since. Gives undefined when nothing was built of the commit here, or
 * its pull request is closed.
 */
export const rerun = async (tx: Transaction, facts: RerunFacts): Promise<RecordedPush | undefined> => {
  const { repository, sha, delivery, buildId, by } = facts
  const pushes = await tx.push.findMany({
    where: { repositoryId: repository.id, sha, build: { isNot: null }, trigger: { not: 'rebuild' } },
    orderBy: { sequence: 'desc' },
    include: { build: { select: { id: true, state: true, target: true } }, pullRequest: { select: { isOpen: true } } },
  })
  const named = pushes.find(({ build }) => build?.id === buildId)
  const push = named ?? pushes.find(({ build }) => build?.state !== 'skipped') ?? pushes[0]
  if (!push || push.pullRequest?.isOpen === false) return undefined
  if (push.trigger !== 'push') return rerunByHand(tx, facts, push)
  const target = BuildTarget.nullish().parse(push.build?.target)
  return recordPush(tx, {
    repository,
    ref: push.ref,
    sha,
    before: sha,
    pusher: by,
    message: push.message,
    again: { ...(named?.build && { buildId: named.build.id }) },
    ...(push.pullRequestId && target && { preview: { pullRequestId: push.pullRequestId, target } }),
    ...(delivery && { delivery }),
  })
}

type ByHand = Push & { build: { id: string } | null }

const rerunByHand = async (tx: Transaction, facts: RerunFacts, push: ByHand): Promise<RecordedPush> => {
  const { repository, sha, delivery, by } = facts
  const { ref, message } = push
  const again = { repository, ref, sha, pusher: by, message, trigger: 'deploy' as const, ...(delivery && { delivery }) }
  return recordDeployAgain(tx, again, push.build?.id)
}
