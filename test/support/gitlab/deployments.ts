import { z } from 'zod'
import type { Operation } from '../account-forge/operation.ts'
import type { Deployment, World } from '../account-forge/world.ts'
import { hasCommit } from '../github/refs.ts'
import { failed, isAnswer, memberOf, NO_QUERY, NOTHING, paging } from './operation.ts'

const Status = z.enum(['running', 'success', 'failed', 'canceled'])
const PAGE = 'https://docs.gitlab.com/api/deployments/'

export const DEPLOYMENTS: readonly Operation[] = [
  {
    id: 'deployments/list',
    method: 'GET',
    path: /^\/projects\/(?<id>\d+)\/deployments$/,
    source: `${PAGE}#list-project-deployments`,
    query: z.strictObject({
      ...paging,
      order_by: z.enum(['id', 'iid', 'created_at', 'updated_at', 'finished_at', 'ref']).optional(),
      sort: z.enum(['asc', 'desc']).optional(),
      environment: z.string().optional(),
      status: Status.optional(),
    }),
    body: NOTHING,
    handle: (request) => {
      const project = memberOf(request)
      if (isAnswer(project)) return project
      const { environment } = request.query
      const own = request.world.deployments.filter(
        (one) => one.repositoryId === project.id && (!environment || one.environment.name === environment),
      )
      return { status: 200, body: own.toReversed().map(deploymentBody) }
    },
  },
  {
    id: 'deployments/create',
    method: 'POST',
    path: /^\/projects\/(?<id>\d+)\/deployments$/,
    source: `${PAGE}#create-a-deployment`,
    query: NO_QUERY,
    body: z.strictObject({
      environment: z
        .string()
        .regex(/^[A-Za-z0-9_./ -]+$/)
        .max(255),
      ref: z.string(),
      sha: z.string(),
      status: Status,
      tag: z.boolean(),
    }),
    handle: async (request) => {
      const project = memberOf(request)
      if (isAnswer(project)) return project
      const { world, body } = request
      const sha = String(body.sha)
      if (!(await hasCommit(project.directory, sha))) return failed(400, 'The commit does not exist')
      const environment = environmentOf(world, project.id, String(body.environment))
      const deployment = {
        id: world.nextId(),
        repositoryId: project.id,
        sha,
        environment,
        status: String(body.status),
      }
      world.deployments.push(deployment)
      return { status: 201, body: deploymentBody(deployment) }
    },
  },
  {
    id: 'deployments/get',
    method: 'GET',
    path: /^\/projects\/(?<id>\d+)\/deployments\/(?<deployment>\d+)$/,
    source: `${PAGE}#retrieve-a-deployment`,
    query: NO_QUERY,
    body: NOTHING,
    handle: (request) => {
      const project = memberOf(request)
      if (isAnswer(project)) return project
      const found = request.world.deployments.find((one) => one.id === Number(request.path.deployment))
      return found ? { status: 200, body: deploymentBody(found) } : failed(404, '404 Not found')
    },
  },
  {
    id: 'environments/stop',
    method: 'POST',
    path: /^\/projects\/(?<id>\d+)\/environments\/(?<environment>\d+)\/stop$/,
    source: 'https://docs.gitlab.com/api/environments/#stop-an-environment',
    query: NO_QUERY,
    body: z.strictObject({ force: z.boolean().optional() }),
    handle: (request) => {
      const project = memberOf(request)
      if (isAnswer(project)) return project
      const id = Number(request.path.environment)
      const found = request.world.deployments.find(({ environment }) => environment.id === id)?.environment
      if (!found) return failed(404, '404 Not found')
      found.state = 'stopped'
      return { status: 200, body: found }
    },
  },
  {
    id: 'deployments/update',
    method: 'PUT',
    path: /^\/projects\/(?<id>\d+)\/deployments\/(?<deployment>\d+)$/,
    source: `${PAGE}#update-a-deployment`,
    query: NO_QUERY,
    body: z.strictObject({ status: Status }),
    handle: (request) => {
      const project = memberOf(request)
      if (isAnswer(project)) return project
      const found = request.world.deployments.find((one) => one.id === Number(request.path.deployment))
      if (!found) return failed(404, '404 Not found')
      if (found.status !== 'running' || request.body.status === 'running') {
        return failed(400, 'Status cannot transition via "run"')
      }
      found.status = String(request.body.status)
      return { status: 200, body: deploymentBody(found) }
    },
  },
  {
    id: 'environments/update',
    method: 'PUT',
    path: /^\/projects\/(?<id>\d+)\/environments\/(?<environment>\d+)$/,
    source: 'https://docs.gitlab.com/api/environments/#update-an-existing-environment',
    query: NO_QUERY,
    body: z.strictObject({ external_url: z.url().optional(), tier: z.string().optional() }),
    handle: (request) => {
      const project = memberOf(request)
      if (isAnswer(project)) return project
      const id = Number(request.path.environment)
      const found = request.world.deployments.find(({ environment }) => environment.id === id)?.environment
      if (!found) return failed(404, '404 Not found')
      found.external_url = String(request.body.external_url)
      return { status: 200, body: found }
    },
  },
]

/** Made with its first deployment. */
const environmentOf = (world: World, repositoryId: number, name: string): Deployment['environment'] =>
  world.deployments.find((one) => one.repositoryId === repositoryId && one.environment.name === name)?.environment ?? {
    id: world.nextId(),
    name,
    external_url: null,
    state: 'available',
  }

const deploymentBody = ({ id, sha, status, environment }: Deployment) => ({
  id,
  iid: id,
  sha,
  status,
  ref: 'main',
  environment,
})
