import { createHmac } from 'node:crypto'
import type { WebhookRequest } from '../forge.ts'
import { hookSecrets, isSame } from '../hook-secret.ts'
import { refuseHook } from '../receive-hook.ts'

/** How far GitLab's clock and ours may be apart: what “Standard Webhooks” recommends. */
const TOLERANCE_MS = 300_000

/** A hook has a secret token (sent as it is), or a signing token, which GitLab has had since 19.0, or both. */
export const isSigned = (headers: WebhookRequest['headers']): boolean =>
  isPlausible(headers['x-gitlab-token']) || /^v1,/.test(String(headers['webhook-signature']))

/**
 * The signature counts when there is one, and the token when there is none
 * (https://docs.gitlab.com/user/project/integrations/webhooks/#create-a-webhook). Throws UNAUTHENTICATED.
 */
export const createVerify =
  (secrets: readonly string[], now: () => number = Date.now) =>
  (request: WebhookRequest): void => {
    const known = hookSecrets('gitlab', secrets, request.repositoryId)
    const { 'webhook-signature': signature, 'x-gitlab-token': token } = request.headers
    const isRight = signature
      ? known.some((secret) => isSignedWith(secret, request, signature, now()))
      : isPlausible(token) && known.some((secret) => isSame(token, secret))
    if (!isRight) throw refuseHook('the webhook’s secret or signing token must be the one that this cloud has for it')
  }

const isPlausible = (token: string | undefined): token is string => token !== undefined && /^\S{1,500}$/.test(token)

/** https://www.standardwebhooks.com: HMAC-SHA256 of `<id>.<seconds>.<body>` in base64, several behind one another. */
const isSignedWith = (secret: string, request: WebhookRequest, signature: string, now: number): boolean => {
  const { 'webhook-id': id = '', 'webhook-timestamp': seconds = '' } = request.headers
  if (!(Math.abs(now - Number(seconds) * 1_000) <= TOLERANCE_MS)) return false
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.`).update(request.body).digest('base64')
  return signature
    .slice(0, 1_000)
    .split(' ')
    .some((one) => isSame(one, `v1,${mac}`))
}

const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
