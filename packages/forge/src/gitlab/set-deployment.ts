import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'
import type { Deployment, Forge, ForgeRepository } from '../forge.ts'
import { createInOrder } from '../in-order.ts'
import { Id } from '../payload.ts'
import { ANYTHING, type RestAnswer, type RestClient } from '../rest-client.ts'

/** What GitLab calls them; that a deployment which was over is not there any more it is told by its environment. */
const STATES: Record<Deployment['state'], string> = {
  in_progress: 'running',
  success: 'success',
  failure: 'failed',
  error: 'failed',
  inactive: 'canceled',
}

/**
 * Deployments (https://docs.gitlab.com/api/deployments/), by which a merge request shows “View app”. GitLab keeps nothing of
 * ours beside them: one that may be there already is known by environment, commit and state. Each pull
 * request has an environment of its own, with its address, which is stopped when it goes.
 */
export const createSetDeployment = (rest: RestClient): NonNullable<Forge['setDeployment']> => {
  const inOrder = createInOrder()
  return (repository, sha, deployment, signal) =>
    inOrder(`${repository.id}/${deployment.externalId}/${deployment.environment}`, async () => {
      const doing = `record the deployment of ${repository.owner}/${repository.name}@${sha}`
      const call: DeploymentCall = { rest, repository, sha, deployment, doing, signal }
      try {
        const there = deployment.id ?? (deployment.mayExist ? await find(call) : undefined)
        const written = there === undefined ? await create(call) : await update(call, there)
        if (isGone(call, there)) await stopEnvironment(call, there)
        await showUrl(call, written)
        return written?.id ?? there
      } catch (error) {
        // Reporters see no environments: then statuses tell all.
        if (error instanceof AppError && error.code === 'FORBIDDEN') return undefined
        throw error
      }
    })
}

interface DeploymentCall {
  rest: RestClient
  repository: ForgeRepository
  sha: string
  deployment: Deployment
  doing: string
  signal: AbortSignal | undefined
}

/** GitLab groups what stands before a slash. */
const environmentOf = ({ environment, instance }: Deployment): string =>
  instance === undefined ? environment : `${environment}/${instance}`

const deploymentsOf = (repository: ForgeRepository): string => `/projects/${repository.id}/deployments`

const find = async ({ rest, repository, sha, deployment, doing, signal }: DeploymentCall) => {
  const environment = encodeURIComponent(environmentOf(deployment))
  const path = `${deploymentsOf(repository)}?environment=${environment}&order_by=id&sort=desc&per_page=20`
  const found = await rest({ method: 'GET', path, doing, answer: z.array(Recorded), signal })
  const states = ['running', STATES[deployment.state]]
  return found.find((one) => one.sha === sha && states.includes(one.status))?.id
}

const create = ({ rest, repository, sha, deployment, doing, signal }: DeploymentCall): Promise<Recorded> =>
  rest({
    method: 'POST',
    path: deploymentsOf(repository),
    body: {
      environment: environmentOf(deployment),
      sha,
      ref: repository.defaultBranch,
      tag: false,
      status: STATES[deployment.state],
    },
    doing,
    answer: Recorded,
    signal,
    mayRepeat: false,
  })

const update = ({ rest, repository, deployment, doing, signal }: DeploymentCall, id: string) =>
  rest({
    method: 'PUT',
    path: `${deploymentsOf(repository)}/${id}`,
    body: { status: STATES[deployment.state] },
    doing,
    answer: Recorded.or(z.unknown().transform(() => undefined)),
    accepts: isOver,
    signal,
  })

/** GitLab refuses to set a deployment to what it is, and one that is over to anything. */
const isOver = ({ status, body }: RestAnswer): boolean => status === 400 && JSON.stringify(body).includes('transition')

/** What is live has another deployment in its place; all else is gone, and its environment with it. */
const isGone = ({ deployment }: DeploymentCall, there: string | undefined): there is string =>
  deployment.state === 'inactive' && !deployment.isProduction && there !== undefined

/** https://docs.gitlab.com/api/environments/#stop-an-environment; one that is stopped stays so. */
const stopEnvironment = async ({ rest, repository, doing, signal }: DeploymentCall, id: string): Promise<void> => {
  const found = await rest({
    method: 'GET',
    path: `${deploymentsOf(repository)}/${id}`,
    doing,
    answer: Recorded,
    signal,
  })
  const path = `/projects/${repository.id}/environments/${found.environment.id}/stop`
  await rest({ method: 'POST', path, body: {}, doing, answer: ANYTHING, signal })
}

/** The environment's address. */
const showUrl = async (call: DeploymentCall, written: Recorded | undefined): Promise<void> => {
  const { environmentUrl } = call.deployment
  if (!written || environmentUrl === undefined || written.environment.external_url === environmentUrl) return
  const { rest, repository, doing, signal } = call
  const path = `/projects/${repository.id}/environments/${written.environment.id}`
  await rest({ method: 'PUT', path, body: { external_url: environmentUrl }, doing, answer: ANYTHING, signal })
}

const Recorded = z.object({
  id: Id,
  sha: z.string(),
  status: z.string(),
  environment: z.object({ id: Id, external_url: z.string().nullish() }),
})
type Recorded = z.infer<typeof Recorded>
