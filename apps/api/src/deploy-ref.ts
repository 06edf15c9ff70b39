import type { DeployView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { buildPageUrl } from '@pushfn/model/urls'
import { recordDeploy } from '@pushfn/store/deploys'
import { deployBranchOf, type Repository } from '@pushfn/store/repositories'
import type { Tenant } from '@pushfn/store/tenants'
import type { ApiContext } from './context.ts'
import { describeCommit, repositoryFolder } from './git/repositories-on-disk.ts'
import { type ResolvedRef, resolveRef } from './git/resolve-ref.ts'
import { ring } from './webhooks/receive.ts'

export interface DeployWish {
  repository: Repository & { tenant: Tenant }
  /** A commit alone counts as one of the branch that deploys. */
  what: { ref: string } | { sha: string }
  trigger: 'deploy' | 'hook'
  /** Who asked for it, for people. */
  by: string
}

/**
 * Has a commit built and deployed because somebody asked for it: any branch, tag or commit, whatever the settings say of
 * its pushes. Throws NOT_FOUND when there is none, FORGE_FAILED when the forge cannot be asked.
 */
export const deployRef = async (context: ApiContext, wish: DeployWish): Promise<DeployView> => {
  const { repository, what } = wish
  const resolved =
    'sha' in what
      ? { ref: `refs/heads/${deployBranchOf(repository)}`, sha: what.sha }
      : await resolveRef(context, repository, what.ref)
  const message = resolved && (await messageOf(context, repository, resolved))
  if (!resolved || message === undefined) {
    const named = 'sha' in what ? what.sha : what.ref
    throw new AppError('NOT_FOUND', 'nothing to deploy', {
      hint: `${repository.name} has no branch, tag or commit ${named}: push it first`,
    })
  }
  const { ref, sha } = resolved
  const recorded = await context.db.$transaction((tx) =>
    recordDeploy(tx, { repository, ref, sha, pusher: wish.by, message, trigger: wish.trigger }),
  )
  context.log.info({ build: recorded.buildId, tenant: repository.tenant.slug, trigger: wish.trigger }, 'deploy stored')
  void ring(context, {
    builds: [recorded.buildId],
    superseded: recorded.superseded,
    functions: [],
    hasReports: false,
  })
  return { build: recorded.buildId, ref, sha, url: buildPageUrl(context.urls, recorded.buildId) }
}

/** The commit's subject, as far as it is at hand here; undefined when there is no such commit. */
const messageOf = async (
  { config }: ApiContext,
  repository: Repository,
  { sha }: ResolvedRef,
): Promise<string | undefined> => {
  if (repository.forge !== 'builtin') return ''
  return describeCommit(repositoryFolder(config.dataDir, repository.id), sha).then(
    ({ message }) => message,
    () => undefined,
  )
}
