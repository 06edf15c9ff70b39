import { describe, expect, it } from 'vitest'
import { accountSettingsFrom } from './account-settings.ts'

const secret = (value: string) => ({ reveal: () => value })
const full = { url: 'https://gitlab.example.com', token: secret('glpat-1'), webhookSecret: secret('new,old') }

describe('the settings of a forge with an account', () => {
  it('are none without a URL', () => {
    expect(accountSettingsFrom('GITLAB', { ...full, url: undefined })).toBeUndefined()
  })

  it('take two webhook secrets', () => {
    expect(accountSettingsFrom('GITLAB', full)).toEqual({
      url: 'https://gitlab.example.com',
      token: 'glpat-1',
      webhookSecrets: ['new', 'old'],
    })
  })

  it.each([
    [{ token: undefined }, 'GITEA_TOKEN'],
    [{ webhookSecret: undefined }, 'GITEA_WEBHOOK_SECRET'],
  ])('name what is missing: %o', (over, name) => {
    expect(() => accountSettingsFrom('GITEA', { ...full, ...over })).toThrow(name)
  })
})
