import { setting } from './configuration.ts'

/** How this cloud is known to GitHub; api and builder read the same. Without an app id GitHub is off. */
export const githubSettings = {
  githubAppId: setting.optionalText({
    env: 'GITHUB_APP_ID',
    description: 'Id of the GitHub App; none: GitHub is off.',
  }),
  githubPrivateKey: setting.optionalSecret({
    env: 'GITHUB_PRIVATE_KEY',
    description: 'The GitHub App’s private key as PEM; line ends may be written as `\\n`.',
  }),
  githubWebhookSecret: setting.optionalSecret({
    env: 'GITHUB_WEBHOOK_SECRET',
    description: 'Secret of the App’s webhook; two, separated by a comma, while it is rotated.',
  }),
  githubApiUrl: setting.url({
    env: 'GITHUB_API_URL',
    description: 'GitHub’s API; of an Enterprise Server `https://<host>/api/v3`.',
    default: 'https://api.github.com',
  }),
  githubCloneUrl: setting.url({
    env: 'GITHUB_CLONE_URL',
    description: 'Where GitHub’s repositories are cloned from.',
    default: 'https://github.com',
  }),
}
