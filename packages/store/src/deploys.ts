import type { Transaction } from './database.ts'
import { type PushFacts, type RecordedPush, recordQueued } from './pushes.ts'
import { nextSequence } from './sequences.ts'

export type DeployFacts = Omit<PushFacts, 'before' | 'delivery' | 'isFound' | 'skip'> & { trigger: 'deploy' | 'hook' }

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
