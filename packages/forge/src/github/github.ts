import type { Forge } from '../forge.ts'
import { DEFAULT_PATIENCE } from '../patience.ts'
import { createAsInstallation } from './as-installation.ts'
import { createCheckoutSource } from './checkout-source.ts'
import { createGithubComments } from './comments.ts'
import { createFailedDeliveries } from './failed-deliveries.ts'
import { createHeadOf } from './head-of.ts'
import { createInstallationTokens } from './installation-tokens.ts'
import { createMintToken } from './mint-token.ts'
import { createOctokits } from './octokit.ts'
import { createReceive, isSigned } from './receive.ts'
import { createSetCheck } from './set-check.ts'
import { createSetDeployment } from './set-deployment.ts'
import { createSetStatus } from './set-status.ts'
import type { GithubSettings } from './settings.ts'

/**
 * GitHub, as a GitHub App. Webhooks come in by `receive`; everything that goes out uses an installation token narrowed
 * to one repository and one permission. Tokens, pacing and what an installation refused are kept in this process only:
 * make one per process.
 */
export const createGithub = (settings: GithubSettings): Forge => {
  const patience = { ...DEFAULT_PATIENCE, ...settings.patience }
  const octokits = createOctokits(settings, patience)
  const tokens = createInstallationTokens(createMintToken(octokits, patience))
  const asInstallation = createAsInstallation(octokits, tokens, patience)
  return {
    kind: 'github',
    webhooks: {
      isSigned,
      receive: createReceive(settings.webhookSecrets),
      ...createFailedDeliveries(octokits, patience),
    },
    headOf: createHeadOf(asInstallation),
    checkoutSource: createCheckoutSource({ cloneUrl: settings.cloneUrl, callMs: patience.callMs }, tokens),
    setStatus: createSetStatus(asInstallation),
    upsertComment: createGithubComments(asInstallation, settings.appId),
    setCheck: createSetCheck(asInstallation, patience),
    setDeployment: createSetDeployment(asInstallation, patience),
  }
}
