import { createHmac } from 'node:crypto'
import type { HookDialect, HookEvent, PullRequestChange, PushFacts } from '../account-forge/operation.ts'
import { type Account, fullName, type Repository } from '../account-forge/world.ts'
import { NO_COMMIT } from '../github/refs.ts'

/** Gitea's webhooks, from https://docs.gitea.com/usage/webhooks and the structures that Gitea makes them of. */
export const HOOKS: HookDialect = {
  headers: ({ guid, event, secret, body }) => {
    const mac = createHmac('sha256', secret).update(body).digest('hex')
    const sha1 = createHmac('sha1', secret).update(body).digest('hex')
    return {
      'x-gitea-delivery': guid,
      'x-gitea-event': event,
      'x-gitea-event-type': event,
      'x-gitea-signature': mac,
      'x-gogs-delivery': guid,
      'x-gogs-event': event,
      'x-gogs-signature': mac,
      'x-hub-signature': `sha1=${sha1}`,
      'x-hub-signature-256': `sha256=${mac}`,
      'x-github-delivery': guid,
      'x-github-event': event,
    }
  },

  push: (facts) => (facts.after === NO_COMMIT ? refDeleted(facts) : pushed(facts)),

  // A new name or owner is told to nobody, nor is it told that a repository was closed.
  repository: (what, repository) =>
    what === 'deleted'
      ? {
          event: 'repository',
          payload: {
            action: 'deleted',
            repository: repositoryBody(repository, 'http://gitea.test'),
            organization: userBody(repository.owner),
            sender: userBody(repository.owner),
          },
        }
      : undefined,

  release: ({ repository, tag, url }) => ({
    event: 'release',
    payload: {
      action: 'published',
      release: {
        id: 1,
        tag_name: tag,
        target_commitish: repository.defaultBranch,
        name: `Release ${tag}`,
        body: '',
        url: `${url}/api/v1/repos/${fullName(repository)}/releases/1`,
        draft: false,
        prerelease: false,
        created_at: '2026-11-02T12:55:12Z',
        published_at: '2026-11-02T12:55:12Z',
        author: userBody(repository.owner),
        assets: [],
      },
      repository: repositoryBody(repository, url),
      sender: userBody(repository.owner),
    },
  }),

  pullRequest: (what, { pullRequest, baseSha, url }) => {
    const { head, repository } = pullRequest
    return {
      event: 'pull_request',
      payload: {
        action: ACTIONS[what],
        number: pullRequest.number,
        pull_request: {
          id: pullRequest.id,
          number: pullRequest.number,
          user: userBody(pullRequest.author),
          title: pullRequest.title,
          state: what === 'closed' || what === 'merged' ? 'closed' : 'open',
          merged: what === 'merged',
          base: {
            label: 'main',
            ref: pullRequest.baseRef,
            sha: baseSha,
            repo_id: repository.id,
            repo: repositoryBody(repository, url),
          },
          head: {
            label: head.ref,
            ref: head.ref,
            sha: head.sha,
            repo_id: head.repository.id,
            repo: repositoryBody(head.repository, url),
          },
        },
        requested_reviewer: null,
        repository: repositoryBody(repository, url),
        sender: userBody(pullRequest.author),
        commit_id: '',
        review: null,
      },
    }
  },
}

const ACTIONS: Record<PullRequestChange, string> = {
  opened: 'opened',
  synchronised: 'synchronized',
  retitled: 'edited',
  reopened: 'reopened',
  closed: 'closed',
  merged: 'closed',
}

const pushed = ({ repository, pusher, ref, before, after, commits, url }: PushFacts): HookEvent => {
  const shown = commits.map((commit) => ({
    id: commit.id,
    message: commit.message,
    url: `${url}/${fullName(repository)}/commit/${commit.id}`,
    author: { name: commit.authorName, email: commit.authorEmail, username: '' },
    timestamp: commit.at,
  }))
  return {
    event: 'push',
    payload: {
      ref,
      before,
      after,
      compare_url: '',
      commits: shown.toReversed(),
      total_commits: shown.length,
      head_commit: shown.at(-1) ?? null,
      repository: repositoryBody(repository, url),
      pusher: { id: pusher.id, login: pusher.login, username: pusher.login },
      sender: { id: pusher.id, login: pusher.login, username: pusher.login },
    },
  }
}

/** Of a branch or tag that goes no push tells. */
const refDeleted = ({ repository, pusher, ref, url }: PushFacts): HookEvent => ({
  event: 'delete',
  payload: {
    ref: ref.replace(/^refs\/(heads|tags)\//, ''),
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    pusher_type: 'user',
    repository: repositoryBody(repository, url),
    sender: { id: pusher.id, login: pusher.login, username: pusher.login },
  },
})

const userBody = ({ id, login }: Account) => ({ id, login, username: login, full_name: '', email: '' })

export const repositoryBody = (repository: Repository, url: string) => ({
  id: repository.id,
  owner: userBody(repository.owner),
  name: repository.name,
  full_name: fullName(repository),
  description: '',
  empty: false,
  private: repository.isPrivate,
  internal: false,
  fork: false,
  html_url: `${url}/${fullName(repository)}`,
  clone_url: `${url}/${fullName(repository)}.git`,
  default_branch: repository.defaultBranch,
})
