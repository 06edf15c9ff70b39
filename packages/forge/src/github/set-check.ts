import { setTimeout as delay } from 'node:timers/promises'
import type { Octokit } from '@octokit/rest'
import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'
import type { Forge, ForgeRepository, StackCheck } from '../forge.ts'
import { createInOrder } from '../in-order.ts'
import type { Patience } from '../patience.ts'
import type { AsInstallation } from './as-installation.ts'
import { checkBody } from './check-body.ts'
import { isTemporary, statusOf } from './failure.ts'

/**
 * The stack's check run (https://docs.github.com/en/rest/checks/runs). There is one per build, whatever fails: creating
 * is not tried again blindly, because an answer that got lost may have been a yes; the run is looked for by the build's
 * id first. An installation that may not write checks is left alone for a while: statuses tell all.
 */
export const createSetCheck = (
  asInstallation: AsInstallation,
  { checkName, patience }: { checkName: string; patience: Patience },
): NonNullable<Forge['setCheck']> => {
  const inOrder = createInOrder()
  const refused = createRefusals()

  return (repository, sha, check, signal) =>
    inOrder(`${repository.id}/${sha}/${check.externalId}`, async () => {
      const installation = repository.installationId
      if (!installation || refused.has(installation)) return undefined
      const doing = `write the check run of ${repository.owner}/${repository.name}@${sha}`
      try {
        return await asInstallation({ repository, permission: 'checks', doing, signal }, (octokit, signal) => {
          const run = { octokit, repository, sha, check, checkName, signal }
          return check.id === undefined ? createOnce(run, patience) : update(run, check.id)
        })
      } catch (error) {
        if (!isRefusal(error)) throw error
        refused.add(installation)
        return undefined
      }
    })
}

interface CheckCall {
  octokit: Octokit
  repository: ForgeRepository
  sha: string
  check: StackCheck
  checkName: string
  signal: AbortSignal
}

const createOnce = async (call: CheckCall, patience: Patience): Promise<string> => {
  for (let failures = 0; ; ) {
    const existing = await find(call)
    if (existing !== undefined) return update(call, existing)
    try {
      const { data } = await call.octokit.rest.checks.create({
        ...target(call),
        ...checkBody(call.check),
        name: call.checkName,
        head_sha: call.sha,
        request: { signal: call.signal, retries: 0 },
      })
      return CheckAnswer.parse(data).id
    } catch (error) {
      failures += 1
      if (failures > patience.retries || !isTemporary(error) || statusOf(error) === 401) throw error
      await delay(failures ** 2 * patience.retryBaseMs, undefined, { signal: call.signal })
    }
  }
}

const find = async (call: CheckCall): Promise<string | undefined> => {
  const { data } = await call.octokit.rest.checks.listForRef({
    ...target(call),
    ref: call.sha,
    check_name: call.checkName,
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

const isRefusal = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'FORBIDDEN' || error.code === 'NOT_FOUND')

/** Remembers for ten minutes which installations said no: permissions are granted by hand, and rarely. */
const createRefusals = () => {
  const until = new Map<string, number>()
  return {
    has: (installation: string): boolean => {
      const isRefused = (until.get(installation) ?? 0) > Date.now()
      if (!isRefused) until.delete(installation)
      return isRefused
    },
    add: (installation: string): void => {
      until.set(installation, Date.now() + 10 * 60_000)
    },
  }
}
