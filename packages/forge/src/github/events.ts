import { NO_COMMIT } from '@pushfn/model/ids'
import { z } from 'zod'
import { cut } from '../cut.ts'
import type { ForgeEvent, ForgeRepository, ForgeRepositoryLabel } from '../forge.ts'
import { CheckActionName } from '../forge-event.ts'
import { headMessage } from '../head-message.ts'
import { PREVIEW_LABEL, PULL_REQUEST_ACTIONS } from '../pull-request-actions.ts'
import { noCommitBehind, PRERELEASE } from '../tags.ts'
import {
  AnyPayload,
  CheckRunPayload,
  CheckSuitePayload,
  InstallationPayload,
  InstallationRepositoriesPayload,
  PullRequestPayload,
  PushPayload,
  ReleasePayload,
  RepositoryPayload,
} from './payload.ts'

/** The events a payload means to the cloud, or why it means nothing. */
export type Meaning = { events: readonly ForgeEvent[] } | { ignored: string }

/** What GitHub's event `event` with this payload means. Throws a ZodError when the payload has not the event's shape. */
export const meaningOf = (event: string, payload: unknown): Meaning => {
  switch (event) {
    case 'ping':
      return { events: [{ kind: 'ping' }] }
    case 'push':
      return pushed(PushPayload.parse(payload))
    case 'release':
      return releaseChanged(payload)
    case 'installation':
      return installationChanged(InstallationPayload.parse(payload))
    case 'installation_repositories':
      return { events: [repositoriesChanged(payload)] }
    case 'repository':
      return repositoryChanged(payload)
    case 'check_run':
      return checkRunChanged(payload)
    case 'check_suite':
      return checkSuiteChanged(payload)
    case 'pull_request':
      return pullRequestChanged(PullRequestPayload.parse(payload))
    default:
      return { ignored: `the event “${cut(event, 50)}” means nothing here` }
  }
}

const pushed = (payload: PushPayload): Meaning => {
  const { ref, head_commit } = payload
  const isDeleted = payload.deleted || payload.after === NO_COMMIT
  const isTag = ref.startsWith('refs/tags/')
  // `after` is the tag's own object, where it has a message.
  if (isTag && !isDeleted && !head_commit) return { ignored: noCommitBehind(ref) }
  const after = isTag && head_commit ? head_commit.id : payload.after
  return {
    events: [
      {
        kind: 'push',
        repository: repositoryOf(payload),
        ref,
        before: payload.before,
        ...(!isDeleted && { after }),
        isForced: payload.forced,
        pusher: cut(payload.pusher.name, 100),
        ...headMessage(head_commit?.message),
      },
    ],
  }
}

const releaseChanged = (payload: unknown): Meaning => {
  const { action, release, sender, ...place } = ReleasePayload.parse(payload)
  // A draft is published once; what is edited later is the same release.
  if (action !== 'published') return ignoredAction('release', action)
  if (release.prerelease) return { ignored: PRERELEASE }
  const { tag_name: tag, name } = release
  const about = { tag, title: cut(name || tag, 200), sender: cut(sender.login, 100) }
  return { events: [{ kind: 'release', repository: repositoryOf(place), ...about }] }
}

const installationChanged = (payload: InstallationPayload): Meaning => {
  const { id: installationId, account } = payload.installation
  switch (payload.action) {
    case 'created': {
      const repositories = (payload.repositories ?? []).map(labelOf)
      return { events: [{ kind: 'installed', installationId, account, repositories }] }
    }
    case 'deleted':
      return { events: [{ kind: 'uninstalled', installationId, account }] }
    case 'suspend':
      return { events: [{ kind: 'suspended', installationId, account }] }
    case 'unsuspend':
      return { events: [{ kind: 'unsuspended', installationId, account }] }
    case 'new_permissions_accepted':
      return { ignored: 'the next call to GitHub uses the new permissions by itself' }
    default:
      return ignoredAction('installation', payload.action)
  }
}

const repositoriesChanged = (payload: unknown): ForgeEvent => {
  const { installation, repositories_added, repositories_removed } = InstallationRepositoriesPayload.parse(payload)
  return {
    kind: 'repositories-changed',
    installationId: installation.id,
    account: installation.account,
    added: repositories_added.map(labelOf),
    removed: repositories_removed.map(labelOf),
  }
}

const repositoryChanged = (payload: unknown): Meaning => {
  const parsed = RepositoryPayload.parse(payload)
  const repository = repositoryOf(parsed)
  switch (parsed.action) {
    case 'renamed':
      return { events: [{ kind: 'repository-renamed', repository }] }
    case 'transferred':
      return { events: [{ kind: 'repository-transferred', repository }] }
    case 'deleted':
      return { events: [{ kind: 'repository-deleted', repository }] }
    case 'edited':
    case 'privatized':
    case 'publicized':
      return { events: [{ kind: 'repository-edited', repository }] }
    case 'archived':
      return { ignored: 'an archived repository takes no pushes; what runs of it goes on' }
    default:
      return ignoredAction('repository', parsed.action)
  }
}

const pullRequestChanged = (payload: PullRequestPayload): Meaning => {
  const isApproval = payload.action === 'labeled' && payload.label?.name === PREVIEW_LABEL
  const action = isApproval ? 'approved' : PULL_REQUEST_ACTIONS.get(payload.action)
  if (!action) return ignoredAction('pull_request', payload.action)
  const { head, base, title } = payload.pull_request
  return {
    events: [
      {
        kind: 'pull-request',
        repository: repositoryOf(payload),
        action,
        number: payload.number,
        title: cut(title, 200),
        sender: cut(payload.sender.login, 100),
        headSha: head.sha,
        ...(payload.before && { before: payload.before }),
        headRef: head.ref,
        baseRef: base.ref,
        isFork: head.repo?.id !== payload.repository.id,
      },
    ],
  }
}

const checkRunChanged = (payload: unknown): Meaning => {
  const { action } = AnyPayload.parse(payload)
  if (action === 'requested_action') return actionRequested(payload)
  if (action !== 'rerequested') return ignoredAction('check_run', String(action))
  const { check_run, sender, ...place } = CheckRunPayload.parse(payload)
  const buildId = z.uuid().safeParse(check_run.external_id)
  return {
    events: [
      {
        kind: 'rerun-requested',
        repository: repositoryOf(place),
        sha: check_run.head_sha,
        ...(buildId.success && { buildId: buildId.data }),
        sender: sender.login,
      },
    ],
  }
}

const actionRequested = (payload: unknown): Meaning => {
  const { check_run, requested_action, sender, ...place } = CheckRunPayload.parse(payload)
  const action = CheckActionName.safeParse(requested_action?.identifier)
  const externalId = z.uuid().safeParse(check_run.external_id)
  const { head_sha: sha, name: check } = check_run
  if (!action.success || !externalId.success || check === undefined) {
    return { ignored: 'no check of this cloud has such a button' }
  }
  const about = { action: action.data, externalId: externalId.data, sha, check, sender: cut(sender.login, 100) }
  return { events: [{ kind: 'action-requested', repository: repositoryOf(place), ...about }] }
}

const checkSuiteChanged = (payload: unknown): Meaning => {
  const { action } = AnyPayload.parse(payload)
  if (action !== 'rerequested') return ignoredAction('check_suite', String(action))
  const { check_suite, sender, ...place } = CheckSuitePayload.parse(payload)
  return {
    events: [
      { kind: 'rerun-requested', repository: repositoryOf(place), sha: check_suite.head_sha, sender: sender.login },
    ],
  }
}

const ignoredAction = (event: string, action: string): Meaning => ({
  ignored: `the action “${cut(action, 50)}” of ${event} means nothing here`,
})

const repositoryOf = ({
  repository,
  installation,
}: Pick<PushPayload, 'repository' | 'installation'>): ForgeRepository => ({
  id: repository.id,
  name: repository.name,
  owner: repository.owner.login,
  ownerId: repository.owner.id,
  isPrivate: repository.private,
  defaultBranch: repository.default_branch,
  ...(installation && { installationId: installation.id }),
})

const labelOf = (label: { id: string; name: string; private: boolean }): ForgeRepositoryLabel => ({
  id: label.id,
  name: label.name,
  isPrivate: label.private,
})
