import { forgeRepository } from '@pushfn/forge/forge-repository'
import { forgeOf } from '@pushfn/forge/forges'
import { AppError } from '@pushfn/model/errors'
import { channels } from '@pushfn/store/bus'
import { commentDelayed, commentSent, type DueComment, dueComments } from '@pushfn/store/pull-request-comments'
import { askForApproval } from './ask-for-approval.ts'
import type { BuilderContext } from './context.ts'
import { startLooking } from './looking.ts'
import { previewComment } from './preview-comment.ts'

const COMMENTS_AT_ONCE = 8
const FIRST_DELAY_MS = 2_000
const LONGEST_DELAY_MS = 300_000
const MAX_TRIES = 20

/** Keeps the cloud's comments on pull requests up to date, as often as it takes. No build waits for it. */
export const startCommenter = (context: BuilderContext): Promise<AsyncDisposable> =>
  startLooking(context, { bell: channels(context.config.cloud).reportDue, what: 'commenting' }, async (signal) => {
    const due = await dueComments(context.db, COMMENTS_AT_ONCE)
    await Promise.all(due.map((comment) => write(context, comment, signal)))
    return due.length === COMMENTS_AT_ONCE
  })

const write = async (context: BuilderContext, comment: DueComment, signal: AbortSignal): Promise<void> => {
  const { repository, number } = comment
  try {
    const forge = forgeOf(context.forges, repository.forge)
    const body = previewComment(context.urls, comment)
    await forge.upsertComment?.(forgeRepository(repository), number, { key: 'previews', body }, signal)
    await askForApproval(context, { forge, about: comment, signal })
    await commentSent(context.db, comment)
  } catch (err) {
    if (signal.aborted) return commentDelayed(context.db, comment, 0)
    const isFinal = err instanceof AppError && !err.isRetryable
    const about = { err, repository: repository.name, pullRequest: number }
    if (isFinal || comment.commentTries + 1 >= MAX_TRIES) {
      context.log.error(about, 'a comment is given up')
      return commentSent(context.db, comment)
    }
    context.log.warn(about, 'a comment could not be written; it is tried again')
    await commentDelayed(context.db, comment, Math.min(FIRST_DELAY_MS * 2 ** comment.commentTries, LONGEST_DELAY_MS))
  }
}
