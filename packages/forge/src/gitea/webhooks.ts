import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { ForgeRepository, ForgeWebhooks, WebhookRequest } from '../forge.ts'
import { hookSecrets, isSame, newestSecret, repositoryHook } from '../hook-secret.ts'
import { createReceiveHook, DeliveryId, refuseHook } from '../receive-hook.ts'
import { meaningOf } from './events.ts'
import { AnyPayload } from './payload.ts'

/** Gitea's webhooks, and Forgejo's, which sends the same headers beside its own (https://docs.gitea.com/usage/webhooks). */
export const createWebhooks = (
  secrets: readonly string[],
  findRepository: (id: string) => Promise<ForgeRepository>,
): ForgeWebhooks => {
  const newest = newestSecret('Gitea', secrets)
  return {
    isSigned: (headers) => signatureOf(headers) !== undefined,
    receive: createReceiveHook({
      kind: 'gitea',
      name: 'Gitea',
      verify: createVerify(secrets),
      deliveryId: (headers) => DeliveryId.parse(headers['x-gitea-delivery']),
      eventOf: (headers, payload) => ({
        event: EventName.parse(headers['x-gitea-event']),
        action: AnyPayload.parse(payload).action,
      }),
      meaningOf,
      findRepository,
    }),
    hookOf: (repositoryId) => repositoryHook('gitea', newest, repositoryId),
  }
}

const EventName = z.string('the header X-Gitea-Event is missing').regex(/^[\w-]{1,100}$/, 'X-Gitea-Event is malformed')

/** The 32 bytes of the HMAC in hex; newer ones send it twice. */
const signatureOf = (headers: WebhookRequest['headers']): string | undefined => {
  const hub = /^sha256=(.*)$/.exec(headers['x-hub-signature-256'] ?? '')?.[1]
  const signature = headers['x-gitea-signature'] || hub
  return signature !== undefined && /^[0-9a-f]{64}$/.test(signature) ? signature : undefined
}

const createVerify = (secrets: readonly string[]) => (request: WebhookRequest) => {
  const signature = signatureOf(request.headers)
  const isRight = hookSecrets('gitea', secrets, request.repositoryId).some(
    (secret) =>
      signature !== undefined && isSame(signature, createHmac('sha256', secret).update(request.body).digest('hex')),
  )
  if (!isRight)
    throw refuseHook('the webhook must be sent as application/json with the secret that this cloud has for it')
}
