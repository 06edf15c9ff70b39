import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CheckoutSource, Forge, ForgeDelivery, ForgeRepository } from '@pushfn/forge/forge'
import type { Patience } from '@pushfn/forge/patience'
import type { Fault } from '../../../support/github/faults.ts'
import { gitEnvironment } from '../../../support/github/refs.ts'

/** What every forge is asked in the matrix; what one has not is undefined, and the matrix says so. */
export interface ForgeUnderTest extends AsyncDisposable {
  forge: Forge
  /** What `receive` made of each webhook that came in. */
  received: readonly ForgeDelivery[]
  /** An account with a repository that has one commit on `main`. */
  aProject(options?: { isPrivate?: boolean; isOpenToCloud?: boolean }): Promise<Project>
  /** Makes the next calls of the forge's API go wrong. */
  fail?(fault: Fault, times: number): void
  heal?(): void
  /** The states of a commit's context as the forge has them, in the cloud's words. */
  statesOf?(sha: string, context: string): string[]
  /** Sends the last webhook again as the forge does. */
  resend?(): Promise<void>
}

export interface Project {
  repository: ForgeRepository
  sha: string
  /** A clone URL with a password in it. */
  pushUrl: () => string
  settled(): Promise<void>
  rename?(name: string): Promise<void>
  /** Renames the account, of which no webhook tells; another takes the old login and makes a repository of that name. */
  loseName?(): Promise<void>
  remove?(): Promise<void>
  pullRequests?: PullRequests
}

export interface PullRequests {
  open(isFork: boolean): Promise<{ number: number; headSha: string }>
  change(number: number, what: 'synchronised' | 'reopened' | 'closed' | 'retitled'): Promise<void>
  /** The bodies of its comments. */
  comments(number: number): string[]
  /** Somebody else's. */
  comment(number: number, body: string): void
}

/** Nobody waits long in a test. */
export const QUICK: Partial<Patience> = {
  attemptMs: 400,
  callMs: 5_000,
  maxWaitMs: 2_000,
  retries: 2,
  retryBaseMs: 20,
}

/** Fetches one commit with a real git, as the builder does: the header by the environment. Returns its stack.yml. */
export const fetchStack = async (source: CheckoutSource, sha: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-fetch-'))
  const header = source.authorization && {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${source.authorization}`,
  }
  const env = { ...gitEnvironment(), ...header }
  const git = (...args: string[]) => promisify(execFile)('git', ['-C', folder, ...args], { env })
  try {
    await git('init', '--quiet')
    await git('fetch', '--quiet', '--depth=1', '--no-tags', '--', source.url, sha)
    return (await git('show', 'FETCH_HEAD:stack.yml')).stdout
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
