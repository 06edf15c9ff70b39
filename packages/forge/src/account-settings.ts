import type { Patience } from './patience.ts'

/** What the driver of a forge needs that has no Apps: an account of the cloud's own there. */
export interface AccountSettings {
  /** `https://gitlab.com`, or one's own. Repositories are cloned from here, never from where a payload says. */
  url: string
  /** The account's: the cloud sees what the account sees. */
  token: string
  /** Of the forge's own hook, and what the secrets of repositories' hooks are made of; two while it is changed, new and old. */
  webhookSecrets: readonly string[]
  patience?: Partial<Patience>
}

/** What a process's configuration says of such a forge; the secrets are things that reveal themselves on demand. */
export interface AccountConfiguration {
  url: string | undefined
  token: { reveal(): string } | undefined
  webhookSecret: { reveal(): string } | undefined
}

/** The driver's settings, undefined without a URL. Throws one line that names what is missing of half ones. */
export const accountSettingsFrom = (
  prefix: 'GITLAB' | 'GITEA',
  { url, token, webhookSecret }: AccountConfiguration,
): AccountSettings | undefined => {
  if (!url) return undefined
  if (!token) throw new Error(`${prefix}_TOKEN is not set, but ${prefix}_URL is`)
  if (!webhookSecret) throw new Error(`${prefix}_WEBHOOK_SECRET is not set, but ${prefix}_URL is`)
  return { url, token: token.reveal(), webhookSecrets: webhookSecret.reveal().split(',') }
}
