import { createToken } from '@pushfn/store/tokens'
import { createAppKey } from '../support/github/app-key.ts'
import type { ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'
import type { Door } from './webhooks-delivery.ts'

/** A console whose api takes GitHub's webhooks, and the door for them. It never reaches a GitHub. */
export const startConsoleWithGithub = async (
  env: Record<string, string> = {},
): Promise<{ stage: ConsoleStage; door: Door }> => {
  const secret = 'a webhook secret for tests'
  const stage = await startConsole({
    GITHUB_APP_ID: '4242',
    GITHUB_PRIVATE_KEY: createAppKey().privateKey,
    GITHUB_WEBHOOK_SECRET: secret,
    GITHUB_API_URL: 'http://127.0.0.1:1',
    ...env,
  })
  const url = `${new URL(stage.apiUrl).origin}/webhooks/github`
  return { stage, door: { github: { webhooks: { settings: { url, secret } } } } }
}

/** The tenant of a GitHub account that a webhook made, with a token to sign in. */
export const consoleTenantOf = async ({ db }: ConsoleStage, accountId: number): Promise<ConsoleTenant> => {
  const tenant = await db.tenant.findFirstOrThrow({ where: { forgeAccountId: String(accountId) } })
  const repository = await db.repository.findFirstOrThrow({ where: { tenantId: tenant.id } })
  return { tenant, repository, token: (await createToken(db, tenant.id, { name: 'test' })).token }
}
