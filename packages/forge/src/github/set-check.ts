import type { Octokit } from '@octokit/rest'
import { z } from 'zod'
import type { Check, Forge, ForgeRepository } from '../forge.ts'
import { createInOrder } from '../in-order.ts'
import type { Patience } from '../patience.ts'
import type { AsInstallation } from './as-installation.ts'
import { checkBody } from './check-body.ts'
import { createOnce } from './create-once.ts'
import { createRefusals } from './refusals.ts'

/**
 * Check runs (https://docs.github.com/en/rest/checks/runs). There is one per build and name, whatever fails: it bears the
 * build's id, and is looked for by that. An installation that may not write checks is left alone for a while: statuses
 * tell all.
 */
export const createSetCheck = (asInstallation: AsInstallation, patience: Patience): NonNullable<Forge['setCheck']> => {
  const inOrder = createInOrder()
  const unlessRefused = createRefusals()

  return (repository, sha, check, signal) =>
    inOrder(`${repository.id}/${check.externalId}/${check.name}`, () =>
      unlessRefused(repository, () => {
        const doing = `write the check run “${check.name}” of ${repository.owner}/${repository.name}@${sha}`
        return asInstallation({ repository, permission: 'checks', doing, signal }, async (octokit, signal) => {
          const call = { octokit, repository, sha, check, signal }
          if (check.id !== undefined) return update(call, check.id)
          const make = { mayExist: check.mayExist, find: () => find(call), create: () => create(call) }
          const { made, isNew } = await createOnce(make, patience, signal)
          return isNew ? made : update(call, made)
        })
      }),
    )
}

interface CheckCall {
  octokit: Octokit
  repository: ForgeRepository
  sha: string
  check: Check
  signal: AbortSignal
}

const create = async (call: CheckCall): Promise<string> => {
  const { data } = await call.octokit.rest.checks.create({
    ...target(call),
    ...checkBody(call.check),
    name: call.check.name,
    head_sha: call.sha,
    request: { signal: call.signal, retries: 0 },
  })
  return CheckAnswer.parse(data).id
}

const find = async (call: CheckCall): Promise<string | undefined> => {
  const { data } = await call.octokit.rest.checks.listForRef({
    ...target(call),
    ref: call.sha,
    check_name: call.check.name,
    filter: 'all',
    per_page: 100,
    request: { signal: call.signal },
  })
  return CheckList.parse(data).check_runs.find((run) => run.external_id === call.check.externalId)?.id
}

const update = async (call: CheckCall, id: string): Promise<string> => {
  const { data } = await call.octokit.rest.checks.update({
    ...target(call),
    ...checkBody(call.check),
    check_run_id: Number(id),
    request: { signal: call.signal },
  })
  return CheckAnswer.parse(data).id
}

const target = ({ repository }: CheckCall) => ({ owner: repository.owner, repo: repository.name })

const CheckAnswer = z.object({ id: z.int().transform(String) })
const CheckList = z.object({ check_runs: z.array(CheckAnswer.extend({ external_id: z.string().nullish() })) })
