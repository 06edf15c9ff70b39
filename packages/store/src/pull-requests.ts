import type { BuildTarget } from '@pushfn/model/build-target'
import { NO_COMMIT } from '@pushfn/model/ids'
import { previewAlias } from '@pushfn/model/preview-alias'
import { CANCEL_REASONS, cancelPullRequest } from './cancellation.ts'
import type { Database, Transaction } from './database.ts'
import type { ForgeKind, PullRequest, Repository } from './generated/client.ts'
import { recordPush } from './pushes.ts'
import { removePreviews } from './remove-previews.ts'
import { endDeployments } from './reports.ts'
import { settingsOf } from './repository-settings.ts'
import { storable } from './storable.ts'

export interface PullRequestFacts {
  repository: Repository
  /** `approved`: a member lets the head commit of a fork run. */
  action: 'opened' | 'synchronised' | 'reopened' | 'approved' | 'closed'
  number: number
  title: string
  sender: string
  headSha: string
  /** The head before this event, where the forge says it. */
  before?: string
  headRef: string
  baseRef: string
  isFork: boolean
  delivery?: { forge: ForgeKind; id: string }
}

export type RecordedPullRequest =
  | { kind: 'queued'; buildId: string; superseded: string[] }
  /** Its previews go: for whom bells are to be rung. */
  | { kind: 'closed'; functions: string[]; builds: string[] }
  | { kind: 'ignored'; reason: string }

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 14

/**
 * What an event of a pull request means for its previews. The row is locked meanwhile, so that two events of one pull
 * request come one after the other; one that comes after its end changes nothing until it is opened again.
 */
export const recordPullRequest = async (tx: Transaction, facts: PullRequestFacts): Promise<RecordedPullRequest> => {
  const { action, number } = facts
  const pullRequest = await keepFacts(tx, facts)
  if (action === 'closed') return close(tx, pullRequest)
  if (!pullRequest.isOpen) return { kind: 'ignored', reason: `pull request #${number} is closed` }
  const { previews } = settingsOf(facts.repository)
  if (previews?.isOn === false) return { kind: 'ignored', reason: 'this repository wants no previews' }
  if (pullRequest.isFork && pullRequest.approvedSha !== pullRequest.headSha) {
    await dueComment(tx, pullRequest.id)
    return { kind: 'ignored', reason: `#${number} is from a fork: nothing of it runs until a member approves` }
  }
  return push(tx, facts, pullRequest, {
    alias: previewAlias({ number, repository: facts.repository.name }),
    expiresAfterMs: (previews?.expiresAfterDays ?? DEFAULT_DAYS) * DAY_MS,
    environment: previews?.environment ?? {},
    secrets: previews?.secrets ?? [],
    isEnvironment: false,
  })
}

/** The head commit as a push of the pull request's own ref: pushes know what overtakes what. */
const push = async (
  tx: Transaction,
  { repository, number, sender, before, delivery }: PullRequestFacts,
  { id, headSha, title }: PullRequest,
  target: BuildTarget,
): Promise<RecordedPullRequest> => {
  // As GitHub names a pull request's head.
  const ref = `refs/pull/${number}/head`
  const last = await tx.push.findFirst({ where: { repositoryId: repository.id, ref }, orderBy: { sequence: 'desc' } })
  const recorded = await recordPush(tx, {
    repository,
    ref,
    sha: headSha,
    // Told of the same commit again, it is the same move.
    before: last?.sha === headSha ? last.before : (before ?? last?.sha ?? NO_COMMIT),
    pusher: sender,
    message: title,
    preview: { pullRequestId: id, target },
    ...(delivery && { delivery }),
  })
  const head = await tx.ref.findUnique({ where: { repositoryId_name: { repositoryId: repository.id, name: ref } } })
  await tx.pullRequest.update({ where: { id }, data: { headSha: head?.sha ?? headSha } })
  const at = `#${number} stands at ${headSha.slice(0, 8)} already`
  if (recorded.kind === 'known') return { kind: 'ignored', reason: at }
  if (recorded.kind === 'skipped') return { kind: 'ignored', reason: recorded.reason }
  await dueComment(tx, id)
  return { kind: 'queued', buildId: recorded.buildId, superseded: recorded.superseded }
}

/** Writes what is known of it now. An approval is of the commit that it names, whatever has become the head since. */
const keepFacts = async (tx: Transaction, facts: PullRequestFacts): Promise<PullRequest> => {
  const { repository, action, number, headSha, isFork } = facts
  const today = {
    title: storable(facts.title.slice(0, 200)),
    headRef: storable(facts.headRef.slice(0, 200)),
    baseRef: storable(facts.baseRef.slice(0, 200)),
    alias: previewAlias({ number, repository: repository.name }),
    isFork,
    ...(action === 'approved' && { approvedSha: headSha }),
    ...(action === 'closed' && { isOpen: false }),
    ...(action === 'reopened' && { isOpen: true }),
  }
  return tx.pullRequest.upsert({
    where: { repositoryId_number: { repositoryId: repository.id, number } },
    create: { repositoryId: repository.id, number, headSha, isOpen: true, ...today },
    update: { ...today, ...(action !== 'approved' && { headSha }) },
  })
}

const close = async (tx: Transaction, pullRequest: PullRequest): Promise<RecordedPullRequest> => {
  const builds = await cancelPullRequest(tx, pullRequest.id, CANCEL_REASONS.pullRequestClosed)
  const { repositoryId, alias } = pullRequest
  const functions = await removePreviews(tx, { repositoryId, alias, keep: [] })
  await endDeployments(tx, { pullRequestId: pullRequest.id }, 'the pull request was closed')
  await dueComment(tx, pullRequest.id)
  return { kind: 'closed', functions: functions.map((fn) => fn.id), builds }
}

/** The cloud's comment is to be written anew. */
export const dueComment = async (db: Database | Transaction, id: string): Promise<void> => {
  await db.pullRequest.update({ where: { id }, data: { commentDueAt: new Date(), commentTries: 0 } })
}
