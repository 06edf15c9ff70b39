import { NO_COMMIT } from '@pushfn/model/ids'
import { cut } from '../cut.ts'
import { headMessage } from '../head-message.ts'
import { PREVIEW_LABEL, PULL_REQUEST_ACTIONS } from '../pull-request-actions.ts'
import type { HookMeaning } from '../receive-hook.ts'
import { noCommitBehind, PRERELEASE } from '../tags.ts'
import { DeletePayload, PullRequestPayload, PushPayload, ReleasePayload, RepositoryPayload } from './payload.ts'

/** What Gitea's event with this payload means. Throws a ZodError when the payload has not the event's shape. */
export const meaningOf = (event: string, payload: unknown): HookMeaning => {
  switch (event) {
    case 'push':
      return pushed(PushPayload.parse(payload))
    case 'release':
      return releaseChanged(ReleasePayload.parse(payload))
    case 'delete':
      return refDeleted(DeletePayload.parse(payload))
    case 'pull_request':
    case 'pull_request_label':
      return pullRequestChanged(PullRequestPayload.parse(payload))
    case 'repository':
      return repositoryChanged(payload)
    default:
      return { ignored: `the event “${cut(event, 50)}” means nothing here` }
  }
}

const pushed = (payload: PushPayload): HookMeaning => {
  const { ref, head_commit } = payload
  const isDeleted = payload.after === NO_COMMIT
  const isTag = ref.startsWith('refs/tags/')
  // `after` is the tag's own object, where it has a message.
  if (isTag && !isDeleted && !head_commit) return { ignored: noCommitBehind(ref) }
  const after = isTag && head_commit ? head_commit.id : payload.after
  return {
    repositoryId: payload.repository.id,
    stated: payload.repository,
    eventOf: (repository) => ({
      kind: 'push',
      repository,
      ref,
      before: payload.before,
      ...(!isDeleted && { after }),
      // Gitea does not say.
      isForced: false,
      pusher: cut(payload.pusher.login, 100),
      ...headMessage(head_commit?.message),
    }),
  }
}

const releaseChanged = ({ action, release, sender, repository: stated }: ReleasePayload): HookMeaning => {
  if (action !== 'published') return ignoredAction('release', action)
  if (release.prerelease) return { ignored: PRERELEASE }
  const { tag_name: tag, name } = release
  const about = { tag, title: cut(name || tag, 200), sender: cut(sender.login, 100) }
  return { repositoryId: stated.id, stated, eventOf: (repository) => ({ kind: 'release', repository, ...about }) }
}

const refDeleted = (payload: DeletePayload): HookMeaning => ({
  repositoryId: payload.repository.id,
  stated: payload.repository,
  eventOf: (repository) => ({
    kind: 'push',
    repository,
    ref: `refs/${payload.ref_type === 'branch' ? 'heads' : 'tags'}/${payload.ref}`,
    // Which commit it was, Gitea does not say.
    before: NO_COMMIT,
    isForced: false,
    pusher: cut(payload.sender.login, 100),
    message: '',
  }),
})

const pullRequestChanged = (payload: PullRequestPayload): HookMeaning => {
  const action = isApproval(payload) ? 'approved' : PULL_REQUEST_ACTIONS.get(payload.action)
  if (!action) return ignoredAction('pull_request', payload.action)
  const { head, base, title } = payload.pull_request
  return {
    repositoryId: payload.repository.id,
    stated: payload.repository,
    eventOf: (repository) => ({
      kind: 'pull-request',
      repository,
      action,
      number: payload.number,
      title: cut(title, 200),
      sender: cut(payload.sender.login, 100),
      headSha: head.sha,
      headRef: head.ref,
      baseRef: base.ref,
      isFork: head.repo_id !== base.repo_id,
    }),
  }
}

/** Gitea tells of all labels whenever they change: the commit that is the head then is approved while this one is among them. */
const isApproval = ({ action, pull_request }: PullRequestPayload): boolean =>
  action === 'label_updated' && pull_request.labels?.some(({ name }) => name === PREVIEW_LABEL) === true

/** Gitea tells of repositories made and deleted. A new name or owner is learnt from the next push. */
const repositoryChanged = (payload: unknown): HookMeaning => {
  const { action, repository } = RepositoryPayload.parse(payload)
  return action === 'deleted' ? { repositoryId: repository.id, gone: true } : ignoredAction('repository', action)
}

const ignoredAction = (event: string, action: string): HookMeaning => ({
  ignored: `the action “${cut(action, 50)}” of ${event} means nothing here`,
})
