import type { Octokit } from '@octokit/rest'
import { AppError } from '@pushfn/model/errors'
import { withDeadline } from '../call.ts'
import type { ForgeRepository } from '../forge.ts'
import type { Patience } from '../patience.ts'
import { githubFailure, statusOf } from './failure.ts'
import type { createInstallationTokens, Permission } from './installation-tokens.ts'
import type { Octokits } from './octokit.ts'

export interface InstallationCall {
  repository: ForgeRepository
  permission: Permission
  /** What is being done, for the error: `set the status of …`. */
  doing: string
  signal: AbortSignal | undefined
}

export type AsInstallation = ReturnType<typeof createAsInstallation>

/**
 * Calls GitHub with a token of the repository's installation. A token that is refused (suspended and back, the
 * repository taken out and in again) is replaced once. While GitHub wants to hear nothing for long it hears nothing. Throws as
 * `githubFailure` says; rejects with the caller's own
 * reason when `signal` fires.
 */
export const createAsInstallation = (
  octokits: Octokits,
  tokens: ReturnType<typeof createInstallationTokens>,
  patience: Patience,
) => {
  return async <T>(call: InstallationCall, run: (octokit: Octokit, signal: AbortSignal) => Promise<T>): Promise<T> => {
    const installationId = installationOf(call.repository)
    const until = octokits.limitedUntil(installationId)
    if (until)
      throw githubFailure(
        call.doing,
        new Error(`installation ${installationId} is limited until ${until.toISOString()}`),
      )
    const scope = { installationId, repositoryId: call.repository.id, permission: call.permission }
    const attempt = async (signal: AbortSignal) => {
      const token = await tokens.get(scope)
      try {
        return await run(octokits.withToken(installationId, token), signal)
      } catch (error) {
        if (statusOf(error) === 401) await tokens.forget(scope, token)
        throw error
      }
    }
    try {
      return await withDeadline(patience.callMs, call.signal, async (signal) => {
        try {
          return await attempt(signal)
        } catch (error) {
          if (statusOf(error) !== 401) throw error
          return await attempt(signal)
        }
      })
    } catch (error) {
      call.signal?.throwIfAborted()
      throw githubFailure(call.doing, error)
    }
  }
}

/** Throws FORBIDDEN for a repository that no installation opens to us. */
export const installationOf = (repository: ForgeRepository): string => {
  if (repository.installationId) return repository.installationId
  throw new AppError('FORBIDDEN', `no installation of the GitHub App opens repository ${repository.id}`, {
    hint: `install the GitHub App on ${repository.owner}/${repository.name}`,
  })
}
