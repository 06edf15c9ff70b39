import { unprocessable } from '../answers.ts'
import { hasCommit } from '../refs.ts'
import { fullName, type Repository, type Status, say } from '../world.ts'
import { type Handler, type OperationRequest, repositoryFor } from './operation.ts'

/** https://docs.github.com/en/rest/commits/statuses#create-a-commit-status */
export const createCommitStatus: Handler = async (request) => {
  const found = repositoryFor(request, 'statuses', 'write')
  if ('answer' in found) return found.answer
  const { world, body, path } = request
  const sha = String(path.sha)
  const fault = statusFault(body) ?? (await commitFault(found.repository, sha))
  if (fault) return unprocessable([fault])
  const status: Status = {
    id: world.nextId(),
    repositoryId: found.repository.id,
    sha,
    context: String(body.context ?? 'default'),
    state: String(body.state),
    description: textOf(body.description),
    targetUrl: textOf(body.target_url),
    at: new Date(),
  }
  world.statuses.push(status)
  say(world, { ...status, by: 'status' })
  return { status: 201, body: statusBody(request, found.repository, status) }
}

/** Newest first, as GitHub has it. */
export const listCommitStatuses: Handler = (request) => {
  const found = repositoryFor(request, 'statuses', 'read')
  if ('answer' in found) return found.answer
  const own = request.world.statuses.filter(
    (status) => status.repositoryId === found.repository.id && status.sha === request.path.ref,
  )
  return { status: 200, body: own.toReversed().map((status) => statusBody(request, found.repository, status)) }
}

const statusFault = (body: Record<string, unknown>) => {
  if ([...String(body.description ?? '')].length > 140) {
    return { field: 'description', message: 'description is too long (maximum is 140 characters)' }
  }
  if (typeof body.target_url === 'string' && !/^https?:\/\//.test(body.target_url)) {
    return { field: 'target_url', message: 'target_url must use http(s) scheme' }
  }
  return undefined
}

export const commitFault = async (repository: Repository, sha: string) =>
  (await hasCommit(repository.directory, sha))
    ? undefined
    : { field: 'sha', message: `No commit found for SHA: ${sha}` }

const statusBody = ({ description, url }: OperationRequest, repository: Repository, status: Status) => ({
  ...description.example('status'),
  url: `${url}/api/v3/repos/${fullName(repository)}/statuses/${status.sha}`,
  id: status.id,
  state: status.state,
  description: status.description,
  target_url: status.targetUrl,
  context: status.context,
  created_at: status.at.toISOString(),
  updated_at: status.at.toISOString(),
})

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
