import { whyNotPromoted } from '@pushfn/model/promotion'
import { buildPageUrl } from '@pushfn/model/urls'
import { buildOf } from '@pushfn/store/build-list'
import type { Transaction } from '@pushfn/store/database'
import { promotionOf, tagOf } from '@pushfn/store/promotions'
import type { RecordedPush } from '@pushfn/store/push-rows'
import { recordPush } from '@pushfn/store/pushes'
import type { Repository } from '@pushfn/store/repositories'
import type { ApiContext } from '../context.ts'
import { followEvents } from '../rest/build-events.ts'
import { ring } from '../webhooks/receive.ts'
import { defaultBranchOf } from './default-branch.ts'
import { progressLines, untilSilent } from './progress.ts'
import type { RefCommand } from './ref-commands.ts'
import { branchHeads, type CommitWords, commitBehind, describeCommit, pointHead } from './repositories-on-disk.ts'

/** How long a pusher's terminal waits for a word of the build before it lets go. The build goes on. */
const SILENCE_LIMIT_MS = 900_000

export interface AcceptedPush {
  repository: Repository
  user: string
  folder: string
  commands: readonly RefCommand[]
  /** Refs that git moved. */
  taken: ReadonlySet<string>
  signal: AbortSignal
}

/** Stores the pushes of the refs that git moved, rings, and tells the builds as they run: lines for the pusher's terminal. */
export async function* acceptPush(context: ApiContext, push: AcceptedPush): AsyncGenerator<string> {
  for (const command of branchesFirst(push.commands)) {
    if (!push.taken.has(command.ref) || !command.after) continue
    let recorded: RecordedPush | string
    try {
      recorded = await storePush(context, push, { ...command, after: command.after })
    } catch (err) {
      context.log.error({ err, repository: push.repository.id }, 'a push could not be stored')
      yield 'the push is taken, but the cloud cannot note it now: it will be built within some minutes\n'
      continue
    }
    if (typeof recorded === 'string') {
      if (recorded) yield `${recorded}\n`
      continue
    }
    if (recorded.kind === 'known') {
      yield `${command.after.slice(0, 8)} is built already\n`
      continue
    }
    if (recorded.kind === 'skipped') {
      yield `${recorded.reason}\n`
      continue
    }
    context.log.info({ build: recorded.buildId, tenant: push.user, commit: command.after.slice(0, 8) }, 'push stored')
    void ring(context, {
      builds: [recorded.buildId],
      superseded: recorded.superseded,
      functions: [],
      hasReports: false,
    })
    const pageUrl = buildPageUrl(context.urls, recorded.buildId)
    try {
      const build = await buildOf(context.db, push.repository.tenantId, recorded.buildId)
      if (!build) continue
      const events = followEvents(context, build, { after: undefined, signal: push.signal })
      yield* progressLines(untilSilent(events, SILENCE_LIMIT_MS), pageUrl)
    } catch (err) {
      context.log.warn({ err, build: recorded.buildId }, 'a build cannot be watched')
      yield `the build cannot be watched from here now; it goes on: ${pageUrl}\n`
    }
  }
}

/** What a branch of the same push brings is built by the time that a tag promotes it. */
const branchesFirst = (commands: readonly RefCommand[]): RefCommand[] =>
  [BRANCHES, TAGS].flatMap((kind) => commands.filter(({ ref }) => ref.startsWith(kind)))

const BRANCHES = 'refs/heads/'
const TAGS = 'refs/tags/'

/** Stores a push, or says why not: nothing to be said of a tag where tags mean nothing. */
export const storePush = async (
  context: Pick<ApiContext, 'db'>,
  where: Pick<AcceptedPush, 'repository' | 'user' | 'folder'>,
  command: { ref: string; before: string; after: string },
): Promise<RecordedPush | string> => {
  const tag = tagOf(command.ref)
  if (tag !== undefined) {
    const promotion = promotionOf(await context.db.repository.findUniqueOrThrow({ where: { id: where.repository.id } }))
    const reason = whyNotPromoted(promotion, { by: 'tag', tag })
    if (reason) return promotion ? reason : ''
  }
  const after = tag === undefined ? command.after : await commitBehind(where.folder, command.after)
  if (after === undefined) return `${command.ref} is no tag of a commit`
  const words = await describeCommit(where.folder, after)
  return context.db.$transaction((tx) => storePushIn(tx, where, { ...command, after, ...words }))
}

/** Also what the reconciler calls for a branch whose push was never stored. */
export const storePushIn = async (
  tx: Transaction,
  where: Pick<AcceptedPush, 'repository' | 'user' | 'folder'>,
  command: { ref: string; before: string; after: string; isFound?: boolean } & Pick<CommitWords, 'message' | 'skip'>,
): Promise<RecordedPush> =>
  recordPush(tx, {
    repository: command.ref.startsWith(TAGS)
      ? await tx.repository.findUniqueOrThrow({ where: { id: where.repository.id } })
      : await withDefaultBranch(tx, where),
    ref: command.ref,
    sha: command.after,
    before: command.before,
    pusher: where.user,
    message: command.message,
    skip: command.skip,
    isFound: command.isFound ?? false,
  })

/**
 * The repository as it is now. Its first push decides the default branch, by all the branches it brings: they are on disk
 * already, and are stored one after the other.
 */
const withDefaultBranch = async (
  tx: Transaction,
  { repository: { id }, folder }: Pick<AcceptedPush, 'repository' | 'folder'>,
): Promise<Repository> => {
  const isFirst = (await tx.ref.count({ where: { repositoryId: id, name: { startsWith: BRANCHES } } })) === 0
  if (!isFirst) return tx.repository.findUniqueOrThrow({ where: { id } })
  const defaultBranch = defaultBranchOf([...(await branchHeads(folder)).keys()])
  await pointHead(folder, defaultBranch)
  return tx.repository.update({ where: { id }, data: { defaultBranch } })
}
