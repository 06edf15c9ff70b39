import type { ForgeDelivery, ForgeEvent, ForgeKind } from '@pushfn/forge/forge'
import { whyNotPromoted } from '@pushfn/model/promotion'
import { promotionOf, refOfTag } from '@pushfn/store/promotions'
import type { ApiContext } from '../context.ts'
import { resolveRef } from '../git/resolve-ref.ts'

/** Senders wait ten seconds for their answer. */
const LIMIT_MS = 7_000

/**
 * A release names a tag, and few forges say of which commit that is: they are asked, before anything is stored, and of those
 * releases alone that move something. Throws FORGE_FAILED when the forge does not answer: then the delivery is to be sent
 * again.
 */
export const withCommits = async (
  context: ApiContext,
  forge: ForgeKind,
  delivery: ForgeDelivery,
): Promise<ForgeDelivery> => {
  if (!delivery.events.some(isWithoutCommit)) return delivery
  const events = await Promise.all(
    delivery.events.map((event) => (isWithoutCommit(event) ? withCommit(context, forge, event) : event)),
  )
  return { ...delivery, events }
}

type Release = Extract<ForgeEvent, { kind: 'release' }>

const isWithoutCommit = (event: ForgeEvent): event is Release => event.kind === 'release' && event.sha === undefined

const withCommit = async (context: ApiContext, forge: ForgeKind, event: Release): Promise<Release> => {
  const repository = await context.db.repository.findUnique({
    where: { forge_forgeRepositoryId: { forge, forgeRepositoryId: event.repository.id }, removedAt: null },
    include: { tenant: true },
  })
  if (!repository || whyNotPromoted(promotionOf(repository), { by: 'release', tag: event.tag })) return event
  const found = await resolveRef(context, repository, refOfTag(event.tag), LIMIT_MS)
  return found ? { ...event, sha: found.sha } : event
}
