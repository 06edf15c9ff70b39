import { describe, expect, it } from 'vitest'
import { githubSettingsFrom } from './settings-from.ts'

const secret = (value: string) => ({ reveal: () => value })
const full = {
  githubAppId: '77',
  githubPrivateKey: secret('-----BEGIN\\nKEY-----'),
  githubWebhookSecret: secret('new,old'),
  githubApiUrl: 'https://api.github.com',
  githubCloneUrl: 'https://github.com',
}

describe('GitHub’s settings', () => {
  it('are none without an App', () => {
    expect(githubSettingsFrom({ ...full, githubAppId: undefined })).toBeUndefined()
  })

  it('take a key on one line and two webhook secrets', () => {
    expect(githubSettingsFrom(full)).toMatchObject({
      appId: 77,
      privateKey: '-----BEGIN\nKEY-----',
      webhookSecrets: ['new', 'old'],
    })
  })

  it.each([
    [{ githubAppId: 'Iv1.abc' }, 'GITHUB_APP_ID'],
    [{ githubPrivateKey: undefined }, 'GITHUB_PRIVATE_KEY'],
    [{ githubWebhookSecret: undefined }, 'GITHUB_WEBHOOK_SECRET'],
  ])('name what is wrong or missing: %o', (over, name) => {
    expect(() => githubSettingsFrom({ ...full, ...over })).toThrow(name)
  })
})
