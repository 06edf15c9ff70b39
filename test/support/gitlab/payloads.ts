import { createHmac, randomUUID } from 'node:crypto'
import type { HookDialect, PullRequestChange } from '../account-forge/operation.ts'
import { fullName, type Repository } from '../account-forge/world.ts'
import { NO_COMMIT } from '../github/refs.ts'

/**
 * GitLab's webhooks, from https://docs.gitlab.com/user/project/integrations/webhook_events/ and
 * https://docs.gitlab.com/administration/system_hooks/.
 */
export const HOOKS: HookDialect = {
  headers: ({ guid, event, isSystem, secret, isSigning, body }) => ({
    'user-agent': 'GitLab/19.2.0',
    'x-gitlab-event': isSystem ? 'System Hook' : event,
    'x-gitlab-instance': 'https://gitlab.test',
    'x-gitlab-webhook-uuid': randomUUID(),
    'x-gitlab-event-uuid': randomUUID(),
    'idempotency-key': guid,
    ...(isSigning ? signature(guid, secret, body) : { 'x-gitlab-token': secret }),
  }),

  push: ({ repository, pusher, ref, before, after, commits, url }) => {
    const isTag = ref.startsWith('refs/tags/')
    const kind = isTag ? 'tag_push' : 'push'
    return {
      event: isTag ? 'Tag Push Hook' : 'Push Hook',
      payload: {
        object_kind: kind,
        event_name: kind,
        before,
        after,
        ref,
        ref_protected: true,
        checkout_sha: after === NO_COMMIT ? null : isTag ? (commits.at(-1)?.id ?? null) : after,
        message: null,
        user_id: pusher.id,
        user_name: pusher.login,
        user_username: pusher.login,
        user_email: '',
        project_id: repository.id,
        project: projectBody(repository, url),
        commits: commits.map((commit) => ({
          id: commit.id,
          message: commit.message,
          title: commit.message.split('\n')[0],
          timestamp: commit.at,
          url: `${url}/${fullName(repository)}/-/commit/${commit.id}`,
          author: { name: commit.authorName, email: commit.authorEmail },
          added: [],
          modified: [],
          removed: [],
        })),
        total_commits_count: commits.length,
        push_options: {},
      },
    }
  },

  repository: (what, repository, formerName) => ({
    event: 'Project Hook',
    isSystemOnly: true,
    payload: {
      event_name: {
        renamed: 'project_rename',
        transferred: 'project_transfer',
        edited: 'project_update',
        deleted: 'project_destroy',
      }[what],
      created_at: '2026-07-21T07:30:58Z',
      updated_at: '2026-07-21T07:38:22Z',
      name: repository.name,
      path: repository.name,
      path_with_namespace: fullName(repository),
      project_id: repository.id,
      owner_name: 'Somebody',
      owner_email: '',
      owners: [{ name: 'Somebody', email: '' }],
      project_visibility: repository.isPrivate ? 'private' : 'public',
      ...(formerName && { old_path_with_namespace: formerName }),
    },
  }),

  release: ({ repository, tag, sha, url }) => ({
    event: 'Release Hook',
    // System hooks do not tell of releases.
    isRepositoryOnly: true,
    payload: {
      id: 1,
      created_at: '2026-11-02 12:55:12 UTC',
      description: '',
      name: `Release ${tag}`,
      released_at: '2026-11-02 12:55:12 UTC',
      tag,
      object_kind: 'release',
      project: projectBody(repository, url),
      url: `${url}/${fullName(repository)}/-/releases/${tag}`,
      action: 'create',
      assets: { count: 0, links: [], sources: [] },
      commit: {
        id: sha,
        message: 'a change',
        title: 'a change',
        timestamp: '2026-10-31T11:58:32+11:00',
        url: `${url}/${fullName(repository)}/-/commit/${sha}`,
        author: { name: 'Somebody', email: '' },
      },
    },
  }),

  pullRequest: (what, { pullRequest, formerSha, url }) => ({
    event: 'Merge Request Hook',
    payload: {
      object_kind: 'merge_request',
      event_type: 'merge_request',
      user: { id: pullRequest.author.id, name: 'Somebody', username: pullRequest.author.login.replaceAll('/', '-') },
      project: projectBody(pullRequest.repository, url),
      object_attributes: {
        id: pullRequest.id,
        iid: pullRequest.number,
        title: pullRequest.title,
        state: what === 'closed' ? 'closed' : what === 'merged' ? 'merged' : 'opened',
        action: ACTIONS[what],
        ...(what === 'synchronised' && { oldrev: formerSha }),
        source_branch: pullRequest.head.ref,
        target_branch: pullRequest.baseRef,
        source_project_id: pullRequest.head.repository.id,
        target_project_id: pullRequest.repository.id,
        last_commit: { id: pullRequest.head.sha, message: 'a change' },
      },
      changes: what === 'retitled' ? { title: { previous: 'Say it', current: pullRequest.title } } : {},
    },
  }),
}

const ACTIONS: Record<PullRequestChange, string> = {
  opened: 'open',
  synchronised: 'update',
  retitled: 'update',
  reopened: 'reopen',
  closed: 'close',
  merged: 'merge',
}

/** As “Standard Webhooks” has it. */
const signature = (guid: string, secret: string, body: string) => {
  const seconds = String(Math.floor(Date.now() / 1_000))
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
  const mac = createHmac('sha256', key).update(`${guid}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': guid, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${mac}` }
}

/** Whose it is stands here by name alone. */
const projectBody = (project: Repository, url: string) => ({
  id: project.id,
  name: project.name,
  description: '',
  web_url: `${url}/${fullName(project)}`,
  git_http_url: `${url}/${fullName(project)}.git`,
  namespace: project.owner.login,
  visibility_level: project.isPrivate ? 0 : 20,
  path_with_namespace: fullName(project),
  default_branch: project.defaultBranch,
})
