import type { Run } from './run.ts'

/** The labels that OpenFaaS Cloud puts on every function: where it came from. */
export const gitLabels = (run: Run): Record<string, string> => {
  const { push } = run.build
  const { repository } = push
  const label = 'com.openfaas.cloud.git'
  return {
    [`${label}-cloud`]: '1',
    [`${label}-owner`]: repository.tenant.login,
    [`${label}-owner-id`]: repository.tenant.forgeAccountId,
    [`${label}-repo`]: repository.name,
    [`${label}-sha`]: push.sha,
    [`${label}-branch`]: branchOf(push.ref),
    [`${label}-private`]: repository.isPrivate ? '1' : '0',
    [`${label}-scm`]: repository.forge,
    [`${label}-deploytime`]: String(Math.floor(Date.now() / 1000)),
  }
}

/** The branch's name, or the tag's. */
export const branchOf = (ref: string): string => ref.replace(/^refs\/(?:heads|tags)\//, '')
