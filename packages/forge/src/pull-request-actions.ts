import type { ForgeEvent } from './forge.ts'

type Action = Extract<ForgeEvent, { kind: 'pull-request' }>['action']

/** What happens to a pull request and means something here, in the spelling of GitHub's and Gitea's webhooks. */
export const PULL_REQUEST_ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['opened', 'opened'],
  ['synchronize', 'synchronised'],
  ['synchronized', 'synchronised'],
  ['reopened', 'reopened'],
  ['closed', 'closed'],
])

/** Who may label may write: with this one a member lets the head commit of a fork run. */
export const PREVIEW_LABEL = 'preview'
