import { randomUUID } from 'node:crypto'
import type { HookDialect, HookEvent } from './operation.ts'
import type { Hook, Repository, World } from './world.ts'

/** One event on its way to one hook, and how that went. Sent again it keeps its guid. */
export interface Delivery {
  guid: string
  event: string
  hook: Hook
  isSystem: boolean
  payload: Record<string, unknown>
  attempts: { status?: number; body?: string; error?: string }[]
}

/** Sends webhooks as these forges do: once, within ten seconds. A test can send again and send twice. */
export const createWebhooks = (world: World, dialect: HookDialect) => {
  const deliveries: Delivery[] = []

  const attempt = async (delivery: Delivery) => {
    const result = await post(dialect, delivery)
    delivery.attempts.push(result)
    return result
  }

  return {
    deliveries,

    /** Tells all hooks that the event is for; resolves when all have answered. */
    tell: async (
      repository: Repository,
      { event, payload, isSystemOnly = false, isRepositoryOnly = false }: HookEvent,
    ): Promise<void> => {
      const hooks = [
        ...(isRepositoryOnly ? [] : world.systemHooks).map((hook) => ({ hook, isSystem: true })),
        ...(isSystemOnly ? [] : repository.hooks.map((hook) => ({ hook, isSystem: false }))),
      ]
      const made = hooks.map(
        ({ hook, isSystem }): Delivery => ({ guid: randomUUID(), event, hook, isSystem, payload, attempts: [] }),
      )
      deliveries.push(...made)
      await Promise.all(made.map(attempt))
    },

    /** Sends a delivery `times` more times, all at once. */
    resend: (delivery: Delivery, times = 1) => Promise.all(Array.from({ length: times }, () => attempt(delivery))),
  }
}

export type Webhooks = ReturnType<typeof createWebhooks>

const post = async (dialect: HookDialect, delivery: Delivery): Promise<Delivery['attempts'][number]> => {
  const body = JSON.stringify(delivery.payload)
  const { guid, event, isSystem, hook } = delivery
  try {
    const response = await fetch(hook.url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
      headers: {
        'content-type': 'application/json',
        ...dialect.headers({ guid, event, isSystem, secret: hook.secret, isSigning: hook.isSigning ?? false, body }),
      },
    })
    return { status: response.status, body: await response.text() }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
