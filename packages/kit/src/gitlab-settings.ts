import { setting } from './configuration.ts'

/** How this cloud is known to GitLab; api and builder read the same. Without a URL GitLab is off. */
export const gitlabSettings = {
  gitlabUrl: setting.optionalUrl({
    env: 'GITLAB_URL',
    description: 'GitLab, `https://gitlab.com`: its API and where repositories are cloned from; none: GitLab is off.',
  }),
  gitlabToken: setting.optionalSecret({
    env: 'GITLAB_TOKEN',
    description: 'Access token of the cloud’s own account at GitLab.',
  }),
  gitlabWebhookSecret: setting.optionalSecret({
    env: 'GITLAB_WEBHOOK_SECRET',
    description:
      'Secret of GitLab’s system hook, of which those of single projects are made; two, separated by a comma, while it is rotated.',
  }),
}
