import { accountSettingsFrom } from './account-settings.ts'
import type { ForgeSettings } from './forges.ts'
import { type GithubConfiguration, githubSettingsFrom } from './github/settings-from.ts'

type Hidden = { reveal(): string } | undefined

/** What a process's configuration says of forges beyond this cloud. */
export interface ForgeConfiguration extends GithubConfiguration {
  gitlabUrl: string | undefined
  gitlabToken: Hidden
  gitlabWebhookSecret: Hidden
  giteaUrl: string | undefined
  giteaToken: Hidden
  giteaWebhookSecret: Hidden
}

/** Their settings; those that are not configured are undefined. Throws one line that names what is missing of a half one. */
export const forgeSettingsFrom = (config: ForgeConfiguration): Omit<ForgeSettings, 'builtin'> => ({
  github: githubSettingsFrom(config),
  gitlab: accountSettingsFrom('GITLAB', {
    url: config.gitlabUrl,
    token: config.gitlabToken,
    webhookSecret: config.gitlabWebhookSecret,
  }),
  gitea: accountSettingsFrom('GITEA', {
    url: config.giteaUrl,
    token: config.giteaToken,
    webhookSecret: config.giteaWebhookSecret,
  }),
})
