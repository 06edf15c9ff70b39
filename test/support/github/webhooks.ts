import { createHmac, randomInt, randomUUID } from 'node:crypto'
import { localFetch } from '../local-fetch.ts'

/** One webhook event and how its deliveries went. A redelivery keeps the guid, as GitHub's do. */
export interface Delivery {
  guid: string
  event: string
  action: string | undefined
  payload: Record<string, unknown>
  attempts: DeliveryAttempt[]
}

export interface DeliveryAttempt {
  /** GitHub's number of the attempt, greater than those before. */
  id: number
  at: Date
  ms: number
  /** Undefined when there was no answer within ten seconds. */
  status?: number
  body?: string
  error?: string
}

export interface WebhookSettings {
  appId: number
  secret: string
  /** Where the App's webhook points. */
  url: string
}

/**
 * Sends webhooks as GitHub does: signed, within ten seconds, once. GitHub never tries again by itself, and neither does
 * this; but a test can redeliver, send twice, hold back and let go in another order.
 */
export const createWebhooks = (settings: WebhookSettings) => {
  const deliveries: Delivery[] = []
  const pending = new Set<Promise<unknown>>()
  let held: Delivery[] | undefined
  let lastId = randomInt(1_000_000_000)

  const attempt = (delivery: Delivery): Promise<DeliveryAttempt> => {
    lastId += 1
    const id = lastId
    const running = post(settings, delivery).then((result) => {
      const made = { id, ...result }
      delivery.attempts.push(made)
      return made
    })
    pending.add(running)
    void running.finally(() => pending.delete(running))
    return running
  }

  const deliveryOf = (guid: string): Delivery => {
    const delivery = deliveries.find((one) => one.guid === guid)
    if (!delivery) throw new Error(`no delivery ${guid}`)
    return delivery
  }

  return {
    settings,
    deliveries,

    /** Sends an event, or keeps it while deliveries are held back. Resolves when the answer is there. */
    send: async (event: string, payload: Record<string, unknown>): Promise<Delivery> => {
      const action = typeof payload.action === 'string' ? payload.action : undefined
      const delivery: Delivery = { guid: randomUUID(), event, action, payload, attempts: [] }
      deliveries.push(delivery)
      if (held) held.push(delivery)
      else await attempt(delivery)
      return delivery
    },

    redeliver: (guid: string): Promise<DeliveryAttempt> => attempt(deliveryOf(guid)),

    /** Sends a delivery `times` more times, all at once. */
    duplicate: (guid: string, times: number): Promise<DeliveryAttempt[]> =>
      Promise.all(Array.from({ length: times }, () => attempt(deliveryOf(guid)))),

    /** Keeps all deliveries back from now on. */
    hold: (): void => {
      held ??= []
    },

    /** Lets go what was held back, one after the other in the order that `order` makes of it; then none is held. */
    release: async (order: (deliveries: Delivery[]) => Delivery[] = (same) => same): Promise<void> => {
      const released = order(held ?? [])
      held = undefined
      for (const delivery of released) await attempt(delivery)
    },

    /** Resolves when no delivery is under way. */
    settled: async (): Promise<void> => {
      while (pending.size > 0) await Promise.allSettled(pending)
    },
  }
}

export type Webhooks = ReturnType<typeof createWebhooks>

const post = async (
  { appId, secret, url }: WebhookSettings,
  delivery: Delivery,
): Promise<Omit<DeliveryAttempt, 'id'>> => {
  const body = JSON.stringify(delivery.payload)
  const at = new Date()
  const ms = () => Date.now() - at.getTime()
  try {
    const response = await localFetch(url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'GitHub-Hookshot/1a2b3c4',
        accept: '*/*',
        'x-github-delivery': delivery.guid,
        'x-github-event': delivery.event,
        'x-github-hook-id': '292430182',
        'x-github-hook-installation-target-id': String(appId),
        'x-github-hook-installation-target-type': 'integration',
        'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
    })
    return { at, status: response.status, body: await response.text(), ms: ms() }
  } catch (error) {
    return { at, ms: ms(), error: error instanceof Error ? error.message : String(error) }
  }
}
