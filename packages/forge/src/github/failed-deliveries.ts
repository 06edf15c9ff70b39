import { z } from 'zod'
import { withDeadline } from '../call.ts'
import type { FailedDelivery, ForgeWebhooks } from '../forge.ts'
import type { Patience } from '../patience.ts'
import { githubFailure } from './failure.ts'
import type { Octokits } from './octokit.ts'

/** Who was sent a delivery so often and did not take it does not want it. */
const MOST_ATTEMPTS = 4

/**
 * GitHub sends a webhook once, and keeps for some days how that went
 * (https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook). What nobody took can be asked for
 * again, for three days.
 */
export const createFailedDeliveries = (
  octokits: Octokits,
  patience: Patience,
): Required<Pick<ForgeWebhooks, 'failedSince' | 'redeliver'>> => {
  const asApp = async <T>(
    doing: string,
    outer: AbortSignal | undefined,
    run: (octokit: ReturnType<Octokits['asApp']>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    try {
      return await withDeadline(patience.callMs, outer, (signal) => run(octokits.asApp('deliveries'), signal))
    } catch (error) {
      outer?.throwIfAborted()
      throw githubFailure(doing, error)
    }
  }

  return {
    failedSince: (since, signal) =>
      asApp('list the deliveries of webhooks', signal, async (octokit, signal) => {
        const attempts: Attempt[] = []
        const parameters = { per_page: 100, request: { signal } }
        for await (const { data } of octokit.paginate.iterator(octokit.rest.apps.listWebhookDeliveries, parameters)) {
          const page = z.array(Attempt).parse(data)
          attempts.push(...page.filter((attempt) => attempt.at >= since.getTime()))
          if (page.some((attempt) => attempt.at < since.getTime())) break
        }
        return failedOf(attempts)
      }),

    redeliver: ({ id, attempt }, signal) =>
      asApp(`send the delivery ${id} again`, signal, async (octokit, signal) => {
        await octokit.rest.apps.redeliverWebhookDelivery({ delivery_id: attempt, request: { signal } })
      }),
  }
}

const Attempt = z
  .object({ id: z.int(), guid: z.string(), delivered_at: z.iso.datetime({ offset: true }), status_code: z.int() })
  .transform(({ id, guid, delivered_at, status_code }) => ({
    id,
    guid,
    at: Date.parse(delivered_at),
    isTaken: status_code >= 200 && status_code < 300,
  }))
type Attempt = z.infer<typeof Attempt>

/** GitHub lists attempts, newest first: a delivery failed when none of them was taken. */
const failedOf = (attempts: readonly Attempt[]): FailedDelivery[] =>
  [...Map.groupBy(attempts.toReversed(), (attempt) => attempt.guid)].flatMap(([id, own]) => {
    const [first] = own
    const isWanted = own.length < MOST_ATTEMPTS && !own.some((attempt) => attempt.isTaken)
    return first && isWanted ? [{ id, attempt: first.id }] : []
  })
