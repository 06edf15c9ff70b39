import { NO_COMMIT } from '@pushfn/model/ids'
import { cut } from '../cut.ts'
import { headMessage } from '../head-message.ts'
import { PREVIEW_LABEL } from '../pull-request-actions.ts'
import type { HookMeaning } from '../receive-hook.ts'
import { noCommitBehind } from '../tags.ts'
import { MergeRequestPayload, ProjectPayload, PushPayload, ReleasePayload } from './payload.ts'

/** What GitLab's event with this payload means. Throws a ZodError when the payload has not the event's shape. */
export const meaningOf = (event: string, payload: unknown): HookMeaning => {
  switch (event) {
    case 'push':
    case 'tag_push':
      return pushed(PushPayload.parse(payload))
    case 'release':
      return releaseChanged(ReleasePayload.parse(payload))
    case 'merge_request':
      return mergeRequestChanged(MergeRequestPayload.parse(payload))
    case 'project_rename':
      return projectChanged(payload, 'repository-renamed')
    case 'project_transfer':
      return projectChanged(payload, 'repository-transferred')
    case 'project_update':
      return projectChanged(payload, 'repository-edited')
    case 'project_destroy':
      return { repositoryId: ProjectPayload.parse(payload).project_id, gone: true }
    case 'repository_update':
      return { ignored: 'it tells nothing that push events do not: tick “Push events” in the hook' }
    default:
      return { ignored: `the event “${cut(event, 50)}” means nothing here` }
  }
}

const pushed = (payload: PushPayload): HookMeaning => {
  const { ref } = payload
  const isDeleted = payload.after === NO_COMMIT
  const isTag = ref.startsWith('refs/tags/')
  if (isTag && !isDeleted && !payload.checkout_sha) return { ignored: noCommitBehind(ref) }
  const after = isTag && payload.checkout_sha ? payload.checkout_sha : payload.after
  return {
    repositoryId: payload.project_id,
    eventOf: (repository) => ({
      kind: 'push',
      repository,
      ref,
      before: payload.before,
      ...(!isDeleted && { after }),
      // GitLab does not say.
      isForced: false,
      pusher: cut(payload.user_username ?? payload.user_name ?? '', 100),
      ...headMessage(payload.commits?.find((commit) => commit.id === after)?.message),
    }),
  }
}

const releaseChanged = ({ action, tag, name, project, commit }: ReleasePayload): HookMeaning => {
  if (action !== 'create') return { ignored: `the action “${cut(action, 50)}” of release means nothing here` }
  // Who published it GitLab does not say.
  const about = { tag, sha: commit.id, title: cut(name || tag, 200), sender: cut(commit.author?.name ?? '', 100) }
  return { repositoryId: project.id, eventOf: (repository) => ({ kind: 'release', repository, ...about }) }
}

const mergeRequestChanged = (payload: MergeRequestPayload): HookMeaning => {
  const { object_attributes: request, project, user } = payload
  const action = isApproval(payload) ? 'approved' : actionOf(request)
  if (!action)
    return { ignored: `the action “${cut(request.action ?? 'none', 50)}” of merge_request means nothing here` }
  return {
    repositoryId: project.id,
    eventOf: (repository) => ({
      kind: 'pull-request',
      repository,
      action,
      number: request.iid,
      title: cut(request.title, 200),
      sender: cut(user.username, 100),
      headSha: request.last_commit.id,
      ...(request.oldrev && { before: request.oldrev }),
      headRef: request.source_branch,
      baseRef: request.target_branch,
      isFork: request.source_project_id !== request.target_project_id,
    }),
  }
}

/** The label came, and was not there before. */
const isApproval = ({ changes }: MergeRequestPayload): boolean => {
  const has = (labels: readonly { title: string }[] | undefined) => labels?.some(({ title }) => title === PREVIEW_LABEL)
  return has(changes?.labels?.current) === true && has(changes?.labels?.previous) !== true
}

const actionOf = ({ action, oldrev }: MergeRequestPayload['object_attributes']) => {
  switch (action) {
    case 'open':
      return 'opened'
    case 'reopen':
      return 'reopened'
    case 'close':
    case 'merge':
      return 'closed'
    case 'update':
      return oldrev ? 'synchronised' : undefined
    default:
      return undefined
  }
}

const projectChanged = (
  payload: unknown,
  kind: 'repository-renamed' | 'repository-transferred' | 'repository-edited',
): HookMeaning => ({
  repositoryId: ProjectPayload.parse(payload).project_id,
  eventOf: (repository) => ({ kind, repository }),
})
