import { withDeadline } from '../call.ts'
import type { CheckoutSource, ForgeRepository } from '../forge.ts'
import { installationOf } from './as-installation.ts'
import type { createInstallationTokens } from './installation-tokens.ts'

/**
 * Where to clone from: always the configured GitHub, never a URL that came in a payload. Private and public repositories
 * alike are fetched with a token that reads this one repository, so that one that was made private a moment ago works.
 */
export const createCheckoutSource =
  (settings: { cloneUrl: string; callMs: number }, tokens: ReturnType<typeof createInstallationTokens>) =>
  async (repository: ForgeRepository, signal?: AbortSignal): Promise<CheckoutSource> => {
    const url = `${settings.cloneUrl.replace(/\/+$/, '')}/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}.git`
    if (!repository.installationId && !repository.isPrivate) return { url }
    const installationId = installationOf(repository)
    const scope = { installationId, repositoryId: repository.id, permission: 'contents' } as const
    // Minting has its own deadline; this one only lets an impatient caller go.
    const token = await withDeadline(settings.callMs, signal, () => tokens.get(scope))
    return {
      url,
      authorization: `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
      forget: () => tokens.forget(scope, token),
    }
  }
