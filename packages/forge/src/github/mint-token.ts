import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'
import { withDeadline } from '../call.ts'
import type { Patience } from '../patience.ts'
import { githubFailure, statusOf } from './failure.ts'
import type { MintedToken, TokenScope } from './installation-tokens.ts'
import type { Octokits } from './octokit.ts'

/**
 * Asks GitHub for a token of one scope
 * (https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app). Throws NOT_FOUND when the
 * installation is gone, FORBIDDEN when it is suspended, has not the repository, or was not granted the permission.
 */
export const createMintToken =
  (octokits: Octokits, patience: Patience) =>
  async ({ installationId, repositoryId, permission }: TokenScope): Promise<MintedToken> => {
    try {
      return await withDeadline(patience.callMs, undefined, async (signal) => {
        const { data } = await octokits.asApp(installationId).rest.apps.createInstallationAccessToken({
          installation_id: Number(installationId),
          repository_ids: [Number(repositoryId)],
          permissions: PERMISSIONS[permission],
          request: { signal },
        })
        return TokenAnswer.parse(data)
      })
    } catch (error) {
      throw mintFailure(error, installationId, permission)
    }
  }

const PERMISSIONS = {
  contents: { contents: 'read' },
  statuses: { statuses: 'write' },
  checks: { checks: 'write' },
  pull_requests: { pull_requests: 'write' },
  deployments: { deployments: 'write' },
} as const

const TokenAnswer = z
  .object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) })
  .transform((answer) => ({ token: answer.token, expiresAt: Date.parse(answer.expires_at) }))

const mintFailure = (error: unknown, installationId: string, permission: string): AppError => {
  const doing = `ask for a token of installation ${installationId} for ${permission}`
  // An answer that is not GitHub's may hold a token: its text goes no further.
  if (error instanceof z.ZodError) return new AppError('FORGE_FAILED', `GitHub’s answer to ${doing} has no token`)
  const hint = HINTS[statusOf(error) ?? 0]
  const failure = githubFailure(doing, error, hint)
  return statusOf(error) === 422 ? new AppError('FORBIDDEN', failure.message, { cause: failure.cause, hint }) : failure
}

const HINTS: Record<number, string | undefined> = {
  401: 'GitHub does not accept the cloud’s GitHub App; its operators must check App id, private key and clock',
  404: 'the GitHub App is not installed there any more; install it again',
  422: 'the GitHub App may not use that repository, or its new permissions are not accepted yet',
}
