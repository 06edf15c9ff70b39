import type { GithubSettings } from './settings.ts'

/** What a process's configuration says of GitHub; the secrets are things that reveal themselves on demand. */
export interface GithubConfiguration {
  githubAppId: string | undefined
  githubPrivateKey: { reveal(): string } | undefined
  githubWebhookSecret: { reveal(): string } | undefined
  githubApiUrl: string
  githubCloneUrl: string
}

/** The driver's settings, undefined while no App is configured. Throws one line that names what is missing of a half one. */
export const githubSettingsFrom = (config: GithubConfiguration): GithubSettings | undefined => {
  if (!config.githubAppId) return undefined
  const appId = Number(config.githubAppId)
  if (!Number.isSafeInteger(appId)) throw new Error('GITHUB_APP_ID is wrong: it must be a whole number')
  if (!config.githubPrivateKey) throw new Error('GITHUB_PRIVATE_KEY is not set, but GITHUB_APP_ID is')
  if (!config.githubWebhookSecret) throw new Error('GITHUB_WEBHOOK_SECRET is not set, but GITHUB_APP_ID is')
  return {
    appId,
    privateKey: config.githubPrivateKey.reveal().replaceAll('\\n', '\n'),
    webhookSecrets: config.githubWebhookSecret.reveal().split(','),
    apiUrl: config.githubApiUrl,
    cloneUrl: config.githubCloneUrl,
  }
}
