import { failed, notFound, unprocessable } from '../answers.ts'
import { type Deployment, type DeploymentStatus, fullName, type Repository } from '../world.ts'
import { type Handler, type OperationRequest, repositoryFor } from './operation.ts'
import { commitFault } from './statuses.ts'

/** https://docs.github.com/en/rest/deployments/deployments#create-a-deployment */
export const createDeployment: Handler = async (request) => {
  const found = repositoryFor(request, 'deployments', 'write')
  if ('answer' in found) return found.answer
  const { world, body } = request
  const sha = String(body.ref)
  const fault = await commitFault(found.repository, sha)
  if (fault) return unprocessable([fault])
  if (body.auto_merge !== false) return failed(409, 'Conflict merging main into the ref')
  if (!Array.isArray(body.required_contexts)) return failed(409, `Conflict: Commit status checks failed for ${sha}`)
  const deployment: Deployment = {
    id: world.nextId(),
    repositoryId: found.repository.id,
    sha,
    environment: String(body.environment ?? 'production'),
    fields: body,
    statuses: [],
  }
  world.deployments.push(deployment)
  return { status: 201, body: deploymentBody(request, found.repository, deployment) }
}

/** Newest first, as GitHub has it. */
export const listDeployments: Handler = (request) => {
  const found = repositoryFor(request, 'deployments', 'read')
  if ('answer' in found) return found.answer
  const { sha, environment } = request.query
  const own = request.world.deployments.filter(
    (one) =>
      one.repositoryId === found.repository.id &&
      (sha === undefined || one.sha === sha) &&
      (environment === undefined || one.environment === environment),
  )
  return { status: 200, body: own.toReversed().map((one) => deploymentBody(request, found.repository, one)) }
}

/** https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status */
export const createDeploymentStatus: Handler = (request) =>
  withDeployment(request, 'write', (repository, deployment) => {
    const { body, world } = request
    if ([...String(body.description ?? '')].length > 140) {
      return unprocessable([{ field: 'description', message: 'description is too long (maximum is 140 characters)' }])
    }
    for (const field of ['environment_url', 'log_url']) {
      if (/^https?:\/\//.test(String(body[field] ?? 'http://'))) continue
      return unprocessable([{ field, message: `${field} must use http(s) scheme` }])
    }
    const status = { id: world.nextId(), state: String(body.state), fields: body }
    deployment.statuses.push(status)
    return { status: 201, body: statusBody(request, repository, deployment, status) }
  })

/** Newest first. */
export const listDeploymentStatuses: Handler = (request) =>
  withDeployment(request, 'read', (repository, deployment) => ({
    status: 200,
    body: deployment.statuses
      .toReversed()
      .slice(0, Number(request.query.per_page ?? 30))
      .map((status) => statusBody(request, repository, deployment, status)),
  }))

const withDeployment = (
  request: OperationRequest,
  level: 'read' | 'write',
  run: (repository: Repository, deployment: Deployment) => ReturnType<Handler>,
): ReturnType<Handler> => {
  const found = repositoryFor(request, 'deployments', level)
  if ('answer' in found) return found.answer
  const deployment = request.world.deployments.find(
    ({ id, repositoryId }) => id === request.path.deployment_id && repositoryId === found.repository.id,
  )
  return deployment ? run(found.repository, deployment) : notFound()
}

const deploymentBody = ({ description, url }: OperationRequest, repository: Repository, deployment: Deployment) => {
  const self = `${url}/api/v3/repos/${fullName(repository)}/deployments/${deployment.id}`
  return {
    ...description.example('deployment'),
    id: deployment.id,
    sha: deployment.sha,
    ref: deployment.sha,
    environment: deployment.environment,
    original_environment: deployment.environment,
    payload: deployment.fields.payload ?? {},
    description: deployment.fields.description ?? null,
    url: self,
    statuses_url: `${self}/statuses`,
  }
}

const statusBody = (
  { description, url }: OperationRequest,
  repository: Repository,
  deployment: Deployment,
  { id, state, fields }: DeploymentStatus,
) => {
  const self = `${url}/api/v3/repos/${fullName(repository)}/deployments/${deployment.id}`
  const { environment_url: _environmentUrl, log_url: _logUrl, ...example } = description.example('deployment-status')
  const { environment_url, log_url } = fields
  return {
    ...example,
    id,
    state,
    description: fields.description ?? '',
    environment: deployment.environment,
    ...(environment_url !== undefined && { environment_url }),
    ...(log_url !== undefined && { log_url }),
    url: `${self}/statuses/${id}`,
    deployment_url: self,
  }
}
