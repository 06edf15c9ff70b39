import { setting } from './configuration.ts'

/** How this cloud is known to Gitea or Forgejo; api and builder read the same. Without a URL Gitea is off. */
export const giteaSettings = {
  giteaUrl: setting.optionalUrl({
    env: 'GITEA_URL',
    description:
      'Gitea or Forgejo, `https://gitea.example.com`: its API and where repositories are cloned from; none: Gitea is off.',
  }),
  giteaToken: setting.optionalSecret({
    env: 'GITEA_TOKEN',
    description: 'Access token of the cloud’s own account at Gitea.',
  }),
  giteaWebhookSecret: setting.optionalSecret({
    env: 'GITEA_WEBHOOK_SECRET',
    description:
      'Secret of Gitea’s system webhook, of which those of single repositories are made; two, separated by a comma, while it is rotated.',
  }),
}
