import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isObject } from './json-schema.ts'
import { type Commit, commitsBetween, isAncestor, NO_COMMIT, type RefChange } from './refs.ts'
import type { Account, CheckRun, Installation, PullRequest, Repository } from './world.ts'

/**
 * Webhook payloads: a real example of the event from `@octokit/webhooks-examples`, with our facts in the place of its
 * own, so that every field a receiver could come to read is there.
 */
export type Json = Record<string, unknown>

/** Every real example of GitHub's webhooks, of github.com and of the Enterprise Servers, in the files' order. */
export const webhookExamples = (): { event: string; payload: Json }[] =>
  EDITIONS.flatMap(readExamples).flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })))

export const pushPayload = async (
  { repository, installation, pusher }: { repository: Repository; installation: Installation; pusher: Account },
  { ref, before, after }: RefChange,
  url: string,
): Promise<Json> => {
  const example = exampleOf('push', (payload) => isObject(payload.installation) && isObject(payload.head_commit))
  const isDeleted = after === NO_COMMIT
  const isCreated = before === NO_COMMIT
  // Of a tag the commit behind it is told, wherever it stood.
  const from = ref.startsWith('refs/tags/') ? NO_COMMIT : before
  const commits = await commitsBetween(repository.directory, from, after)
  const isForced = !isDeleted && !isCreated && !(await isAncestor(repository.directory, before, after))
  const shown = commits.map((commit) => commitBody(commit, repository, url))
  return {
    ...example,
    ref,
    before,
    after,
    created: isCreated,
    deleted: isDeleted,
    forced: isForced,
    base_ref: null,
    compare: `${url}/${repository.owner.login}/${repository.name}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: isCreated ? [] : shown,
    head_commit: shown.at(-1) ?? null,
    repository: repositoryBody(objectIn(example, 'repository'), repository, url),
    pusher: { name: pusher.login, email: `${pusher.login}@users.noreply.github.test` },
    sender: accountBody(objectIn(example, 'sender'), pusher),
    installation: { id: installation.id, node_id: nodeId('Installation', installation.id) },
  }
}

export const installationPayload = (
  action: 'created' | 'deleted' | 'suspend' | 'unsuspend' | 'new_permissions_accepted',
  installation: Installation,
  repositories: readonly Repository[],
): Json => {
  const example = exampleOf('installation', (payload) => payload.action === action)
  return {
    ...example,
    action,
    installation: installationBody(objectIn(example, 'installation'), installation),
    ...('repositories' in example && { repositories: repositories.map(labelBody) }),
    sender: accountBody(objectIn(example, 'sender'), installation.account),
  }
}

export const installationRepositoriesPayload = (
  installation: Installation,
  { added, removed }: { added: readonly Repository[]; removed: readonly Repository[] },
): Json => {
  const action = added.length > 0 ? 'added' : 'removed'
  const example = exampleOf('installation_repositories', (payload) => payload.action === action)
  return {
    ...example,
    action,
    installation: installationBody(objectIn(example, 'installation'), installation),
    repositories_added: added.map(labelBody),
    repositories_removed: removed.map(labelBody),
    sender: accountBody(objectIn(example, 'sender'), installation.account),
  }
}

export const repositoryPayload = (
  action: 'renamed' | 'deleted' | 'privatized' | 'publicized' | 'edited' | 'transferred',
  { repository, installation }: { repository: Repository; installation: Installation },
  url: string,
  changes?: Json,
): Json => {
  const example = exampleOf('repository', (payload) => payload.action === 'renamed')
  const { organization: _organization, changes: _changes, ...rest } = example
  return {
    ...rest,
    action,
    ...(changes && { changes }),
    repository: repositoryBody(objectIn(example, 'repository'), repository, url),
    sender: accountBody(objectIn(example, 'sender'), repository.owner),
    installation: { id: installation.id, node_id: nodeId('Installation', installation.id) },
  }
}

/** Somebody asks for a check run, or for all of a commit, to be run again. */
export const rerequestedPayload = (
  { repository, installation, sender }: { repository: Repository; installation: Installation; sender: Account },
  what: CheckRun | { sha: string },
  url: string,
): Json => {
  const event = 'fields' in what ? 'check_run' : 'check_suite'
  const example = exampleOf(event, (payload) => payload.action === 'rerequested')
  const { organization: _organization, ...rest } = example
  return {
    ...rest,
    [event]: {
      ...objectIn(example, event),
      head_sha: what.sha,
      ...('fields' in what && { id: what.id, name: what.fields.name, external_id: what.fields.external_id ?? '' }),
    },
    repository: repositoryBody(objectIn(example, 'repository'), repository, url),
    sender: accountBody(objectIn(example, 'sender'), sender),
    installation: { id: installation.id, node_id: nodeId('Installation', installation.id) },
  }
}

/** Somebody presses a button of a check run. */
export const requestedActionPayload = (
  about: { repository: Repository; installation: Installation; sender: Account },
  { check, identifier }: { check: CheckRun; identifier: string },
  url: string,
): Json => ({
  ...rerequestedPayload(about, check, url),
  action: 'requested_action',
  requested_action: { identifier },
})

/** Somebody publishes a release of a tag. */
export const releasePayload = (
  { repository, installation, sender }: { repository: Repository; installation: Installation; sender: Account },
  { tag, isPrerelease }: { tag: string; isPrerelease: boolean },
  url: string,
): Json => {
  const { organization: _organization, ...example } = exampleOf('release', (payload) => payload.action === 'published')
  return {
    ...example,
    action: 'published',
    release: { ...objectIn(example, 'release'), tag_name: tag, name: `Release ${tag}`, prerelease: isPrerelease },
    repository: repositoryBody(objectIn(example, 'repository'), repository, url),
    sender: accountBody(objectIn(example, 'sender'), sender),
    installation: { id: installation.id, node_id: nodeId('Installation', installation.id) },
  }
}

export const pullRequestPayload = (
  action: string,
  about: { pullRequest: PullRequest; installation: Installation; sender: Account },
  url: string,
  more: Json,
): Json => {
  const { pullRequest, installation, sender } = about
  const { repository, head, number } = pullRequest
  const example = exampleOf('pull_request', (payload) => payload.action === 'opened')
  const body = objectIn(example, 'pull_request')
  const end = (side: 'head' | 'base', of: Repository, ref: string, sha: string) => ({
    ...objectIn(body, side),
    ref,
    sha,
    label: `${of.owner.login}:${ref}`,
    repo: repositoryBody(objectIn(objectIn(body, side), 'repo'), of, url),
  })
  return {
    ...example,
    action,
    number,
    ...more,
    pull_request: {
      ...body,
      id: pullRequest.id,
      number,
      title: pullRequest.title,
      state: pullRequest.isOpen ? 'open' : 'closed',
      head: end('head', head.repository, head.branch, pullRequest.sha),
      base: end('base', repository, repository.defaultBranch, pullRequest.sha),
    },
    repository: repositoryBody(objectIn(example, 'repository'), repository, url),
    sender: accountBody(objectIn(example, 'sender'), sender),
    installation: { id: installation.id, node_id: nodeId('Installation', installation.id) },
  }
}

export const pingPayload = (appId: number): Json => {
  const { repository: _repository, ...example } = exampleOf('ping', () => true)
  return { ...example, hook: { ...objectIn(example, 'hook'), type: 'App', app_id: appId } }
}

const commitBody = (commit: Commit, repository: Repository, url: string): Json => {
  const person = { name: commit.authorName, email: commit.authorEmail, username: commit.authorName }
  return {
    id: commit.id,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.at,
    url: `${url}/${repository.owner.login}/${repository.name}/commit/${commit.id}`,
    author: person,
    committer: person,
    added: [],
    removed: [],
    modified: [],
  }
}

/** The example's repository with ours written over it: names and ids in every URL, too. */
const repositoryBody = (example: Json, repository: Repository, url: string): Json => {
  const was = String(example.full_name)
  const is = `${repository.owner.login}/${repository.name}`
  const rewrite = (value: unknown): unknown =>
    typeof value === 'string' && value.includes('://')
      ? value.replace('https://api.github.com', `${url}/api/v3`).replace('https://github.com', url).replace(was, is)
      : value
  const rewritten = Object.fromEntries(Object.entries(example).map(([key, value]) => [key, rewrite(value)]))
  return {
    ...rewritten,
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: is,
    private: repository.isPrivate,
    visibility: repository.isPrivate ? 'private' : 'public',
    default_branch: repository.defaultBranch,
    owner: accountBody(objectIn(example, 'owner'), repository.owner),
  }
}

const installationBody = (example: Json, installation: Installation): Json => ({
  ...example,
  id: installation.id,
  account: accountBody(objectIn(example, 'account'), installation.account),
  repository_selection: installation.repositoryIds === 'all' ? 'all' : 'selected',
  target_id: installation.account.id,
  target_type: installation.account.type,
  permissions: installation.permissions,
})

const accountBody = (example: Json, account: Account): Json => ({
  ...example,
  ...('name' in example && { name: account.login }),
  login: account.login,
  id: account.id,
  node_id: nodeId(account.type, account.id),
  type: account.type,
})

const labelBody = (repository: Repository): Json => ({
  id: repository.id,
  node_id: nodeId('Repository', repository.id),
  name: repository.name,
  full_name: `${repository.owner.login}/${repository.name}`,
  private: repository.isPrivate,
})

const nodeId = (kind: string, id: number): string => Buffer.from(`${kind}${id}`).toString('base64')

const exampleOf = (event: string, fits: (payload: Json) => boolean): Json => {
  const examples = readExamples('api.github.com').find(({ name }) => name === event)?.examples
  const found = examples?.find(fits)
  if (!found) throw new Error(`no example of ${event} fits`)
  return structuredClone(found)
}

const objectIn = (payload: Json, key: string): Json => {
  const value = payload[key]
  return isObject(value) ? value : {}
}

const EDITIONS = ['api.github.com', 'ghes-31', 'ghes-32', 'ghes-33', 'ghes-34', 'ghes-35']
type Examples = { name: string; examples: Json[] }[]
const editionsRead = new Map<string, Examples>()

const readExamples = (edition: string): Examples => {
  const path = createRequire(import.meta.url).resolve(`@octokit/webhooks-examples/${edition}/index.json`)
  // The package's own file, of the shape that its index.d.ts declares.
  const examples = editionsRead.get(edition) ?? (JSON.parse(readFileSync(path, 'utf8')) as Examples)
  editionsRead.set(edition, examples)
  return examples
}
