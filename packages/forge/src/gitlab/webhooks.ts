import type { ForgeWebhooks } from '../forge.ts'
import { newestSecret, repositoryHook } from '../hook-secret.ts'
import { createReceiveHook, DeliveryId } from '../receive-hook.ts'
import { meaningOf } from './events.ts'
import type { FindProject } from './find-project.ts'
import { AnyPayload } from './payload.ts'
import { createVerify, isSigned } from './verify.ts'

/** GitLab's webhooks: of projects, of groups, and of the whole server (system hooks). */
export const createWebhooks = (secrets: readonly string[], findProject: FindProject): ForgeWebhooks => {
  const newest = newestSecret('GitLab', secrets)
  return {
    isSigned,
    receive: createReceiveHook({
      kind: 'gitlab',
      name: 'GitLab',
      verify: createVerify(secrets),
      // `Idempotency-Key` (17.4) alone stays the same when a hook is sent again. `X-Gitlab-Webhook-UUID` is new each time, and
      // `X-Gitlab-Event-UUID` is one for all hooks that one request to GitLab set off: three branches in one push have it.
      deliveryId: (headers) => DeliveryId.parse(headers['idempotency-key'] ?? headers['x-gitlab-webhook-uuid']),
      eventOf: (_headers, payload) => {
        const { object_kind, event_name } = AnyPayload.parse(payload)
        return { event: object_kind ?? event_name ?? '' }
      },
      meaningOf,
      findRepository: findProject,
    }),
    hookOf: (repositoryId) => repositoryHook('gitlab', newest, repositoryId),
  }
}
