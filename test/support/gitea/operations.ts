import { z } from 'zod'
import type { Answer, Operation, OperationRequest } from '../account-forge/operation.ts'
import { type PullRequest, type Repository, repositoryNamed, repositoryOf, type World } from '../account-forge/world.ts'
import { git, hasCommit } from '../github/refs.ts'
import { repositoryBody } from './payloads.ts'

/** An error in Gitea's shape. */
export const failed = (status: number, message: string): Answer => ({ status, body: { message, url: '/api/swagger' } })
export const MISSING = failed(404, 'The target couldn’t be found.')

const SOURCE = 'https://docs.gitea.com/api/ (swagger of 1.24)'
const NOTHING = z.undefined()
const NO_QUERY = z.strictObject({})
const REPO = String.raw`\/repos\/(?<owner>[^/]+)\/(?<repo>[^/]+)`

const isVisible = (repository: Repository | undefined): repository is Repository =>
  repository !== undefined && (!repository.isPrivate || repository.isOpenToCloud)

const repositoryFor = ({ world, path }: OperationRequest): Repository | undefined => {
  const found = repositoryNamed(world, `${path.owner}/${path.repo}`)
  return isVisible(found) ? found : undefined
}

const issueOf = (request: OperationRequest): PullRequest | undefined => {
  const repository = repositoryFor(request)
  return request.world.pullRequests.find(
    (one) => one.repository === repository && one.number === Number(request.path.index),
  )
}

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'repoGetByID',
    method: 'GET',
    path: /^\/repositories\/(?<id>\d+)$/,
    source: SOURCE,
    query: NO_QUERY,
    body: NOTHING,
    handle: ({ world, path, url }) => {
      const found = repositoryOf(world, Number(path.id))
      return isVisible(found) ? { status: 200, body: repositoryBody(found, url) } : MISSING
    },
  },
  {
    id: 'userGetCurrent',
    method: 'GET',
    path: /^\/user$/,
    source: SOURCE,
    query: NO_QUERY,
    body: NOTHING,
    handle: ({ world: { cloud } }) => ({
      status: 200,
      body: { id: cloud.id, login: cloud.login, username: cloud.login },
    }),
  },
  {
    id: 'repoGetBranch',
    method: 'GET',
    path: new RegExp(`^${REPO}\\/branches\\/(?<branch>.+)$`),
    source: SOURCE,
    query: NO_QUERY,
    body: NOTHING,
    handle: async (request) => {
      const repository = repositoryFor(request)
      const { branch = '' } = request.path
      if (!repository) return MISSING
      const ref = `refs/heads/${branch}`
      const sha = await git(repository.directory, 'rev-parse', '--verify', '--quiet', ref).catch(() => '')
      return sha ? { status: 200, body: { name: branch, commit: await headBody(repository, sha.trim()) } } : MISSING
    },
  },
  {
    id: 'repoCreateStatus',
    method: 'POST',
    path: new RegExp(`^${REPO}\\/statuses\\/(?<sha>[^/]+)$`),
    source: SOURCE,
    query: NO_QUERY,
    body: z.strictObject({
      context: z.string().max(255).optional(),
      description: z.string().optional(),
      state: z.enum(['pending', 'success', 'error', 'failure', 'warning']),
      target_url: z.url().optional(),
    }),
    handle: async (request) => {
      const repository = repositoryFor(request)
      const { sha = '' } = request.path
      if (!repository) return MISSING
      if (!repository.isOpenToCloud) return failed(403, 'user should have a permission to write to the repo')
      if (!(await hasCommit(repository.directory, sha))) return failed(404, `object does not exist [id: ${sha}]`)
      return { status: 201, body: statusBody(request, addStatus(request, repository, sha)) }
    },
  },
  {
    id: 'issueGetComments',
    method: 'GET',
    path: new RegExp(`^${REPO}\\/issues\\/(?<index>\\d+)\\/comments$`),
    source: SOURCE,
    query: z.strictObject({ since: z.string().optional(), before: z.string().optional() }),
    body: NOTHING,
    handle: (request) => {
      const found = issueOf(request)
      return found
        ? { status: 200, body: found.comments.map((comment) => commentBody(request.world, comment)) }
        : MISSING
    },
  },
  {
    id: 'issueCreateComment',
    method: 'POST',
    path: new RegExp(`^${REPO}\\/issues\\/(?<index>\\d+)\\/comments$`),
    source: SOURCE,
    query: NO_QUERY,
    body: z.strictObject({ body: z.string().min(1), updated_at: z.string().optional() }),
    handle: (request) => {
      const found = issueOf(request)
      if (!found) return MISSING
      const comment = { id: request.world.nextId(), authorId: request.world.cloud.id, body: String(request.body.body) }
      found.comments.push(comment)
      return { status: 201, body: commentBody(request.world, comment) }
    },
  },
  {
    id: 'issueEditComment',
    method: 'PATCH',
    path: new RegExp(`^${REPO}\\/issues\\/comments\\/(?<id>\\d+)$`),
    source: SOURCE,
    query: NO_QUERY,
    body: z.strictObject({ body: z.string().min(1), updated_at: z.string().optional() }),
    handle: (request) => {
      const repository = repositoryFor(request)
      const comments = request.world.pullRequests
        .filter((one) => one.repository === repository)
        .flatMap((one) => one.comments)
      const comment = comments.find((one) => one.id === Number(request.path.id))
      if (!comment) return MISSING
      if (comment.authorId !== request.world.cloud.id) return failed(403, 'Forbidden')
      comment.body = String(request.body.body)
      return { status: 200, body: commentBody(request.world, comment) }
    },
  },
]

const headBody = async (repository: Repository, sha: string) => {
  const [message = '', name = ''] = (await git(repository.directory, 'log', '-1', '--format=%s%n%an', sha)).split('\n')
  return { id: sha, message, author: { name, email: '', username: '' } }
}

const addStatus = ({ world, body }: OperationRequest, repository: Repository, sha: string) => {
  const status = {
    repositoryId: repository.id,
    sha,
    context: String(body.context ?? 'default'),
    state: String(body.state),
    description: String(body.description ?? ''),
    targetUrl: typeof body.target_url === 'string' ? body.target_url : undefined,
  }
  world.statuses.push(status)
  world.events.emit('status', status)
  return status
}

const statusBody = ({ world }: OperationRequest, status: World['statuses'][number]) => ({
  id: world.nextId(),
  status: status.state,
  context: status.context,
  description: status.description,
  target_url: status.targetUrl ?? '',
})

const commentBody = (world: World, { id, authorId, body }: PullRequest['comments'][number]) => {
  const author = [world.cloud, ...world.accounts].find((account) => account.id === authorId)
  return { id, body, user: author ? { id: author.id, login: author.login } : null }
}
