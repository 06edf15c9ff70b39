import type { Octokit } from '@octokit/rest'
import { z } from 'zod'
import { cut, oneLine } from '../cut.ts'
import type { Deployment, Forge, ForgeRepository } from '../forge.ts'
import { createInOrder } from '../in-order.ts'
import type { Patience } from '../patience.ts'
import type { AsInstallation } from './as-installation.ts'
import { createOnce } from './create-once.ts'
import { createRefusals } from './refusals.ts'

/** GitHub answers 422 to more characters. */
const MAX_DESCRIPTION = 140

/**
 * Deployments (https://docs.github.com/en/rest/deployments/deployments), by which a commit and a pull request show “View
 * deployment”. GitHub would merge the default branch in and wait for other checks before it makes one: what it records
 * has happened already, so both are off.
 */
export const createSetDeployment = (
  asInstallation: AsInstallation,
  patience: Patience,
): NonNullable<Forge['setDeployment']> => {
  const inOrder = createInOrder()
  const unlessRefused = createRefusals()

  return (repository, sha, deployment, signal) =>
    inOrder(`${repository.id}/${deployment.externalId}/${deployment.environment}`, () =>
      unlessRefused(repository, () => {
        const doing = `record the deployment of ${repository.owner}/${repository.name}@${sha}`
        const { mayExist } = deployment
        // Outlives a token that is replaced between the two calls.
        let { id } = deployment
        return asInstallation({ repository, permission: 'deployments', doing, signal }, async (octokit, signal) => {
          const call = { octokit, repository, sha, deployment, signal }
          const record = { mayExist, find: () => find(call), create: () => create(call) }
          const recorded = id ?? (await createOnce(record, patience, signal)).made
          id = recorded
          const state = { mayExist, find: () => findState(call, recorded), create: () => createState(call, recorded) }
          await createOnce(state, patience, signal)
          return recorded
        })
      }),
    )
}

interface DeploymentCall {
  octokit: Octokit
  repository: ForgeRepository
  sha: string
  deployment: Deployment
  signal: AbortSignal
}

const create = async (call: DeploymentCall): Promise<string> => {
  const { environment, isProduction, externalId } = call.deployment
  const { data } = await call.octokit.rest.repos.createDeployment({
    ...target(call),
    ref: call.sha,
    environment,
    production_environment: isProduction,
    transient_environment: !isProduction,
    auto_merge: false,
    required_contexts: [],
    payload: { build: externalId },
    request: { signal: call.signal, retries: 0 },
  })
  return DeploymentAnswer.parse(data).id
}

const find = async (call: DeploymentCall): Promise<string | undefined> => {
  const { environment, externalId } = call.deployment
  const { data } = await call.octokit.rest.repos.listDeployments({
    ...target(call),
    sha: call.sha,
    environment,
    per_page: 100,
    request: { signal: call.signal },
  })
  return z
    .array(DeploymentAnswer)
    .parse(data)
    .find(({ payload }) => payload?.build === externalId)?.id
}

const createState = async (call: DeploymentCall, id: string): Promise<string> => {
  const { state, environment, description, environmentUrl, logUrl } = call.deployment
  await call.octokit.rest.repos.createDeploymentStatus({
    ...target(call),
    deployment_id: Number(id),
    state,
    environment,
    description: cut(oneLine(description), MAX_DESCRIPTION),
    log_url: logUrl,
    ...(environmentUrl !== undefined && { environment_url: environmentUrl }),
    request: { signal: call.signal, retries: 0 },
  })
  return state
}

/** The newest state, when it is this one. */
const findState = async (call: DeploymentCall, id: string): Promise<string | undefined> => {
  const { data } = await call.octokit.rest.repos.listDeploymentStatuses({
    ...target(call),
    deployment_id: Number(id),
    per_page: 1,
    request: { signal: call.signal },
  })
  const [newest] = z.array(z.object({ state: z.string() })).parse(data)
  return newest?.state === call.deployment.state ? newest.state : undefined
}

const target = ({ repository }: DeploymentCall) => ({ owner: repository.owner, repo: repository.name })

/** The payload comes back as the object that was sent, or as its text; other Apps’ may be anything. */
const Payload = z
  .preprocess((sent) => (typeof sent === 'string' ? parsed(sent) : sent), z.object({ build: z.string() }))
  .optional()
  .catch(undefined)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const DeploymentAnswer = z.object({ id: z.int().transform(String), payload: Payload })
