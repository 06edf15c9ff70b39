import { z } from 'zod'
import type { Answer, Operation, OperationRequest } from '../account-forge/operation.ts'
import { fullName, type PullRequest, type Repository } from '../account-forge/world.ts'
import { git, hasCommit } from '../github/refs.ts'
import { DEPLOYMENTS } from './deployments.ts'
import { failed, isAnswer, MISSING, memberOf, NO_QUERY, NOTHING, paging, projectOf } from './operation.ts'

const mergeRequestOf = (request: OperationRequest): PullRequest | Answer => {
  const project = memberOf(request)
  if (isAnswer(project)) return project
  const { world, path } = request
  const found = world.pullRequests.find((one) => one.repository === project && one.number === Number(path.iid))
  return found ?? failed(404, '404 Not found')
}

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'projects/get',
    method: 'GET',
    path: /^\/projects\/(?<id>\d+)$/,
    source: 'https://docs.gitlab.com/api/projects/#retrieve-a-project',
    query: z.strictObject({ license: z.string().optional(), statistics: z.string().optional() }),
    body: NOTHING,
    handle: (request) => {
      const project = projectOf(request)
      return project ? { status: 200, body: projectBody(project, request.url) } : MISSING
    },
  },
  {
    id: 'users/current',
    method: 'GET',
    path: /^\/user$/,
    source: 'https://docs.gitlab.com/api/users/#retrieve-the-current-user',
    query: NO_QUERY,
    body: NOTHING,
    handle: ({ world: { cloud } }) => ({
      status: 200,
      body: { id: cloud.id, username: cloud.login, name: cloud.login, state: 'active' },
    }),
  },
  {
    id: 'branches/get',
    method: 'GET',
    path: /^\/projects\/(?<id>\d+)\/repository\/branches\/(?<branch>[^/]+)$/,
    source: 'https://docs.gitlab.com/api/branches/#retrieve-a-repository-branch',
    query: NO_QUERY,
    body: NOTHING,
    handle: async (request) => {
      const project = projectOf(request)
      if (!project) return MISSING
      const { branch = '' } = request.path
      const sha = await git(project.directory, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`).catch(
        () => '',
      )
      return sha
        ? { status: 200, body: { name: branch, commit: await headBody(project, sha.trim()) } }
        : failed(404, '404 Branch Not Found')
    },
  },
  {
    id: 'statuses/set',
    method: 'POST',
    path: /^\/projects\/(?<id>\d+)\/statuses\/(?<sha>[^/]+)$/,
    source: 'https://docs.gitlab.com/api/commits/#set-commit-pipeline-status',
    query: NO_QUERY,
    body: z.strictObject({
      state: z.enum(['pending', 'running', 'success', 'failed', 'canceled', 'skipped']),
      coverage: z.number().optional(),
      context: z.string().max(255).optional(),
      name: z.string().max(255).optional(),
      description: z.string().max(255).optional(),
      pipeline_id: z.int().optional(),
      ref: z.string().max(255).optional(),
      target_url: z
        .url({ protocol: /^https?$/ })
        .max(255)
        .optional(),
    }),
    handle: setStatus,
  },
  ...DEPLOYMENTS,
  {
    id: 'notes/list',
    method: 'GET',
    path: /^\/projects\/(?<id>\d+)\/merge_requests\/(?<iid>\d+)\/notes$/,
    source: 'https://docs.gitlab.com/api/notes/#list-all-merge-request-notes',
    query: z.strictObject({
      ...paging,
      sort: z.enum(['asc', 'desc']).optional(),
      order_by: z.enum(['created_at', 'updated_at']).optional(),
    }),
    body: NOTHING,
    handle: (request) => {
      const found = mergeRequestOf(request)
      if (isAnswer(found)) return found
      const { page = 1, per_page: perPage = 20 } = z.object(paging).parse(request.query)
      const notes = found.comments.slice((page - 1) * perPage, page * perPage)
      return { status: 200, body: notes.map(noteBody) }
    },
  },
  {
    id: 'notes/create',
    method: 'POST',
    path: /^\/projects\/(?<id>\d+)\/merge_requests\/(?<iid>\d+)\/notes$/,
    source: 'https://docs.gitlab.com/api/notes/#create-a-merge-request-note',
    query: NO_QUERY,
    body: z.strictObject({ body: z.string().min(1).max(1_000_000), internal: z.boolean().optional() }),
    handle: (request) => {
      const found = mergeRequestOf(request)
      if (isAnswer(found)) return found
      const note = { id: request.world.nextId(), authorId: request.world.cloud.id, body: String(request.body.body) }
      found.comments.push(note)
      return { status: 201, body: noteBody(note) }
    },
  },
  {
    id: 'notes/update',
    method: 'PUT',
    path: /^\/projects\/(?<id>\d+)\/merge_requests\/(?<iid>\d+)\/notes\/(?<note>\d+)$/,
    source: 'https://docs.gitlab.com/api/notes/#update-a-merge-request-note',
    query: NO_QUERY,
    body: z.strictObject({ body: z.string().min(1).max(1_000_000) }),
    handle: (request) => {
      const found = mergeRequestOf(request)
      if (isAnswer(found)) return found
      const note = found.comments.find((one) => one.id === Number(request.path.note))
      if (!note) return failed(404, '404 Not found')
      if (note.authorId !== request.world.cloud.id) return failed(403, '403 Forbidden')
      note.body = String(request.body.body)
      return { status: 200, body: noteBody(note) }
    },
  },
]

/** As GitLab does it: a status that is over is followed by a new one, one that is not over changes, but not into itself. */
async function setStatus(request: OperationRequest): Promise<Answer> {
  const project = memberOf(request)
  if (isAnswer(project)) return project
  const { world, body, path } = request
  const { sha = '' } = path
  if (!(await hasCommit(project.directory, sha))) return failed(404, '404 Commit Not Found')
  const context = String(body.name ?? body.context ?? 'default')
  const state = String(body.state)
  const latest = world.statuses.findLast((one) => one.sha === sha && one.context === context)
  if (latest?.state === state && state === 'pending') {
    return failed(
      400,
      'Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via "enqueue")',
    )
  }
  const status = {
    repositoryId: project.id,
    sha,
    context,
    state,
    description: String(body.description ?? ''),
    targetUrl: typeof body.target_url === 'string' ? body.target_url : undefined,
  }
  world.statuses.push(status)
  world.events.emit('status', status)
  return { status: 201, body: { id: world.nextId(), sha, name: context, status: state } }
}

const headBody = async (project: Repository, sha: string) => {
  const [message = '', name = ''] = (await git(project.directory, 'log', '-1', '--format=%s%n%an', sha)).split('\n')
  return { id: sha, title: message, message, author_name: name, author_email: '' }
}

const noteBody = ({ id, authorId, body }: PullRequest['comments'][number]) => ({
  id,
  body,
  author: { id: authorId, username: 'somebody', state: 'active' },
  system: false,
  noteable_type: 'MergeRequest',
})

const projectBody = (project: Repository, url: string) => {
  const { owner } = project
  const path = owner.login.split('/').at(-1)
  return {
    id: project.id,
    name: project.name,
    path: project.name,
    path_with_namespace: fullName(project),
    default_branch: project.defaultBranch,
    visibility: project.isPrivate ? 'private' : 'public',
    http_url_to_repo: `${url}/${fullName(project)}.git`,
    namespace: {
      id: owner.id,
      name: path,
      path,
      kind: owner.login.includes('/') ? 'group' : 'user',
      full_path: owner.login,
      parent_id: null,
    },
  }
}
