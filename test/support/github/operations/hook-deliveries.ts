import { failed, notFound } from '../answers.ts'
import type { Delivery, DeliveryAttempt } from '../webhooks.ts'
import type { Handler } from './operation.ts'

const DAYS_MS = 3 * 86_400_000

/** https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook: attempts, newest first. */
export const listWebhookDeliveries: Handler = ({ identity, webhooks, query, url }) => {
  if (identity.kind !== 'app') return failed(401, 'A JSON web token could not be decoded')
  const all = webhooks.deliveries
    .flatMap((delivery) => delivery.attempts.map((attempt) => ({ delivery, attempt })))
    .toSorted((one, other) => other.attempt.id - one.attempt.id)
  const from = query.cursor === undefined ? 0 : all.findIndex(({ attempt }) => `v1_${attempt.id}` === query.cursor)
  if (from < 0) return failed(400, 'The cursor is none')
  const count = Number(query.per_page ?? 30)
  const next = all[from + count]
  const link = `<${url}/api/v3/app/hook/deliveries?per_page=${count}&cursor=v1_${next?.attempt.id}>; rel="next"`
  return {
    status: 200,
    headers: next ? { link } : {},
    body: all.slice(from, from + count).map(({ delivery, attempt }) => attemptBody(delivery, attempt)),
  }
}

/** https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook */
export const redeliverWebhookDelivery: Handler = ({ identity, webhooks, path }) => {
  if (identity.kind !== 'app') return failed(401, 'A JSON web token could not be decoded')
  const delivery = webhooks.deliveries.find((one) => one.attempts.some((attempt) => attempt.id === path.delivery_id))
  const at = delivery?.attempts[0]?.at
  if (!delivery || !at) return notFound()
  if (at.getTime() < Date.now() - DAYS_MS) return failed(422, 'This delivery is too old to be redelivered')
  void webhooks.redeliver(delivery.guid)
  return { status: 202, body: {} }
}

const attemptBody = (delivery: Delivery, attempt: DeliveryAttempt) => ({
  id: attempt.id,
  guid: delivery.guid,
  delivered_at: attempt.at.toISOString(),
  redelivery: delivery.attempts[0] !== attempt,
  duration: attempt.ms / 1_000,
  status: attempt.status === undefined ? 'failed to connect' : attempt.status < 300 ? 'OK' : 'Invalid HTTP Response',
  status_code: attempt.status ?? 0,
  event: delivery.event,
  action: delivery.action ?? null,
  installation_id: idIn(delivery.payload.installation),
  repository_id: idIn(delivery.payload.repository),
  throttled_at: null,
})

const idIn = (value: unknown): number | null => Object(value).id ?? null
