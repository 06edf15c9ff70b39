import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { Transaction } from './database.ts'

export interface RevisionFacts {
  functionId: string
  buildId: string
  sha: string
  /** Name with tag, for people. */
  image: string
  /** What the engine runs it by. */
  digest: string
  spec: FunctionSpec
  /** Of the push. */
  sequence: bigint
}

/** The one revision of a function that a build makes; said twice it is as said once. */
export const ensureRevision = (tx: Transaction, facts: RevisionFacts): Promise<{ id: string }> =>
  tx.revision.upsert({
    where: { buildId_functionId: { buildId: facts.buildId, functionId: facts.functionId } },
    create: facts,
    update: {},
    select: { id: true },
  })
