import type { Transaction } from './database.ts'

/**
 * The next number of a repository, greater than that of every push and every choice by hand before. Locks the repository's
 * row: who asks next waits for this transaction.
 */
export const nextSequence = async (tx: Transaction, repositoryId: string): Promise<bigint> => {
  const { sequence } = await tx.repository.update({
    where: { id: repositoryId },
    data: { sequence: { increment: 1 } },
    select: { sequence: true },
  })
  return sequence
}

/** Nobody else is given a number of the repository before this transaction ends. */
export const holdSequences = async (tx: Transaction, repositoryId: string): Promise<void> => {
  await tx.$queryRaw`SELECT id FROM repositories WHERE id = ${repositoryId}::uuid FOR NO KEY UPDATE`
}
