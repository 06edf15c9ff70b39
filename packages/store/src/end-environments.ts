import { CANCEL_REASONS, cancelEnvironment, goesTo, type Stopped } from './cancellation.ts'
import type { Transaction } from './database.ts'
import { removePreviews } from './remove-previews.ts'
import { endDeployments } from './reports.ts'

/** Takes environments away with all that runs in them. Lock the repository's row first. */
export const endEnvironments = async (
  tx: Transaction,
  repositoryId: string,
  names: readonly string[],
): Promise<Stopped> => {
  const stopped: Stopped = { functions: [], builds: [] }
  for (const alias of names) {
    const builds = await cancelEnvironment(tx, { repositoryId, alias }, CANCEL_REASONS.environmentEnded)
    const functions = await removePreviews(tx, { repositoryId, alias, keep: [] })
    await endDeployments(tx, goesTo({ repositoryId, alias }), 'the environment was taken away')
    stopped.builds.push(...builds)
    stopped.functions.push(...functions.map(({ id }) => id))
  }
  return stopped
}
