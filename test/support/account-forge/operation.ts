import type { z } from 'zod'
import type { Repository, World } from './world.ts'

/** What the stand-in answers to an API request. */
export interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/**
 * One operation of a forge's API as its documentation has it. Neither forge's description is in a registry: `query` and
 * `body` are written from the pages that `source` names, and refuse what stands in none of them.
 */
export interface Operation {
  id: string
  method: string
  /** With named groups for what varies; matched against the path as it was sent, still encoded. */
  path: RegExp
  source: string
  query: z.ZodType
  body: z.ZodType
  handle(request: OperationRequest): Answer | Promise<Answer>
}

export interface OperationRequest {
  world: World
  url: string
  /** Decoded. */
  path: Readonly<Record<string, string>>
  query: Readonly<Record<string, unknown>>
  body: Readonly<Record<string, unknown>>
}

/** What differs between the forges that a cloud speaks to by an account. */
export interface Dialect {
  name: string
  /** `/api/v4` */
  apiPath: string
  operations: readonly Operation[]
  /** The token of an API request. */
  tokenOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined
  failed(status: number, message: string): Answer
  missing: Answer
  hooks: HookDialect
}

export interface HookDialect {
  /** The headers of a delivery; `guid` stays the same when it is sent again. */
  headers(delivery: {
    guid: string
    event: string
    isSystem: boolean
    secret: string
    isSigning: boolean
    body: string
  }): Record<string, string>
  push(change: PushFacts): HookEvent | Promise<HookEvent>
  /** Undefined where the forge tells nobody. */
  repository(
    what: 'renamed' | 'transferred' | 'edited' | 'deleted',
    repository: Repository,
    formerName?: string,
  ): HookEvent | undefined
  pullRequest(what: PullRequestChange, facts: PullRequestFacts): HookEvent
  release(facts: { repository: Repository; tag: string; sha: string; url: string }): HookEvent
}

export type PullRequestChange = 'opened' | 'synchronised' | 'reopened' | 'closed' | 'merged' | 'retitled'

export interface HookEvent {
  event: string
  payload: Record<string, unknown>
  /** Told by the whole forge's hooks alone. */
  isSystemOnly?: boolean
  /** Told by hooks of a repository alone. */
  isRepositoryOnly?: boolean
}

export interface PushFacts {
  repository: Repository
  pusher: { id: number; login: string }
  ref: string
  before: string
  after: string
  commits: readonly { id: string; message: string; authorName: string; authorEmail: string; at: string }[]
  url: string
}

export interface PullRequestFacts {
  pullRequest: import('./world.ts').PullRequest
  baseSha: string
  formerSha: string
  url: string
}
