import type { Database } from './database.ts'
import type { Choice } from './rollback.ts'

/** What became of a choice so far. */
export type ChoiceState =
  | { kind: 'live'; since: Date }
  | { kind: 'deploying' }
  | { kind: 'failed'; reason: string }
  /** A later push, or a later choice, wants something else. */
  | { kind: 'overtaken' }

/** How far the controller came with choices, by their aliases. */
export const choiceStates = async (
  db: Database,
  choices: readonly Choice[],
): Promise<ReadonlyMap<string, ChoiceState>> => {
  const aliases = await db.alias.findMany({ where: { id: { in: choices.map((choice) => choice.aliasId) } } })
  const byId = new Map(aliases.map((alias) => [alias.id, alias]))
  return new Map(
    choices.map((choice): [string, ChoiceState] => {
      const alias = byId.get(choice.aliasId)
      if (alias?.revisionId === choice.revisionId) return [choice.aliasId, { kind: 'live', since: alias.movedAt }]
      if (alias?.wantedRevisionId === choice.revisionId) return [choice.aliasId, { kind: 'deploying' }]
      if (alias?.sequence !== choice.sequence) return [choice.aliasId, { kind: 'overtaken' }]
      return [choice.aliasId, { kind: 'failed', reason: alias.failure ?? 'did not get ready' }]
    }),
  )
}
