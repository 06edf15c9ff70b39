import { isTerminal } from '@pushfn/model/build-state'
import type { Transaction } from './database.ts'
import { type PushFacts, type RecordedPush, recordEnded, recordQueued } from './push-rows.ts'
import { nextSequence } from './sequences.ts'

export type DeployFacts = Omit<PushFacts, 'before' | 'isFound' | 'skip'> & { trigger: 'deploy' | 'hook' }

/**
 * Stores the wish to deploy a commit as it is, with its build. It is newer than every push before it, and older than the
 * next one; where its ref stands, it changes nothing about.
 */
export const recordDeploy = async (
  tx: Transaction,
  facts: DeployFacts,
): Promise<Extract<RecordedPush, { kind: 'queued' }>> => {
  const sequence = await nextSequence(tx, facts.repository.id)
  return recordQueued({ tx, push: { ...facts, before: facts.sha }, sequence })
}

/**
 * Once more what was asked for by hand, unless the ref has something newer: that it must not overtake. `known`: it is being
 * built, or was asked for again since.
 */
export const recordDeployAgain = async (
  tx: Transaction,
  facts: DeployFacts,
  buildId: string | undefined,
): Promise<RecordedPush> => {
  const { repository, ref, sha } = facts
  const sequence = await nextSequence(tx, repository.id)
  const last = await tx.push.findFirst({
    where: { repositoryId: repository.id, ref, trigger: { not: 'rebuild' }, build: { state: { not: 'skipped' } } },
    orderBy: { sequence: 'desc' },
    include: { build: { select: { id: true, state: true } } },
  })
  const place = { tx, push: { ...facts, before: sha }, sequence }
  if (last?.build && last.build.id !== buildId) {
    if (last.sha === sha) return { kind: 'known' }
    const name = ref.replace(/^refs\/(?:heads|tags)\//, '')
    const reason = `not built again: ${name} has moved on to ${last.sha.slice(0, 8)}`
    return recordEnded(place, { state: 'skipped', status: 'success', reason })
  }
  if (last?.build && !isTerminal(last.build.state)) return { kind: 'known' }
  return recordQueued(place)
}
