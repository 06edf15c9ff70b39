import type { ForgeDelivery } from '@pushfn/forge/forge'

/** Whose a delivery is and which repository it is about, for the ledger: by its first event, or as the forge says. */
export const subjectOf = (delivery: ForgeDelivery): Pick<ForgeDelivery, 'account' | 'repository'> => {
  const [event] = delivery.events
  if (event && 'repository' in event && 'owner' in event.repository) {
    const { id, name, owner, ownerId } = event.repository
    return { account: { id: ownerId, login: owner }, repository: { id, name } }
  }
  if (event && 'account' in event) return { account: event.account }
  const { account, repository } = delivery
  return { ...(account && { account }), ...(repository && { repository }) }
}
