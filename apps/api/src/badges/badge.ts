import { type BuildState, isTerminal } from '@pushfn/model/build-state'
import type { BadgeFacts } from '@pushfn/store/badge-facts'
import { makeBadge } from 'badge-maker'

/** A function's badge as SVG; `unknown` for what nobody may know of. */
export const badge = (name: string, facts: BadgeFacts | undefined): string => {
  const [message, color] = wordOf(facts)
  return makeBadge({ label: name, message, color, style: 'flat' })
}

/** What a README links to the console’s page that copies its repository. */
export const deployButton = (): string =>
  makeBadge({ label: 'deploy to', message: 'Pushfn', color: '#2563eb', style: 'for-the-badge' })

const wordOf = (facts: BadgeFacts | undefined): [message: string, color: string] => {
  if (!facts) return ['unknown', 'lightgrey']
  const { isLive, newest } = facts
  if (newest !== null && isUnderWay(newest)) return ['building', 'blue']
  if (newest === 'failed') return [isLive ? 'live, last build failed' : 'failed', isLive ? 'orange' : 'red']
  return isLive ? ['live', 'brightgreen'] : ['not deployed', 'lightgrey']
}

const isUnderWay = (state: BuildState): boolean => !isTerminal(state)
