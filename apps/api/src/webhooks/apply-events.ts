import type { ForgeDelivery, ForgeEvent } from '@pushfn/forge/forge'
import { removeAccount, setAccountSuspended } from '@pushfn/store/accounts'
import type { Transaction } from '@pushfn/store/database'
import type { DeliveryFacts, Outcome } from '@pushfn/store/deliveries'
import { recordPush } from '@pushfn/store/pushes'
import { ensureRepository, removeRepositories, repositoryByForgeId } from '@pushfn/store/repositories'
import { ensureTenant } from '@pushfn/store/tenants'
import type { AllowedTenants } from './allowed-tenants.ts'

/** What a delivery changed, and whom to tell. */
export interface Applied extends Outcome {
  builds: string[]
  superseded: string[]
  functions: string[]
  hasReports: boolean
}

/** Writes what a delivery means into the transaction. What cannot be placed is ignored with a reason, never an error. */
export const applyEvents = async (
  tx: Transaction,
  allowed: AllowedTenants,
  facts: DeliveryFacts,
  delivery: ForgeDelivery,
): Promise<Applied> => {
  const applied: Applied = { outcome: 'accepted', builds: [], superseded: [], functions: [], hasReports: false }
  if (delivery.events.length === 0) {
    return { ...applied, outcome: 'ignored', reason: delivery.ignored ?? `${delivery.event} means nothing here` }
  }
  for (const event of delivery.events) {
    const reason = await applyEvent(tx, { allowed, facts, applied }, event)
    if (reason) Object.assign(applied, { outcome: 'ignored', reason } satisfies Outcome)
  }
  return applied
}

interface Frame {
  allowed: AllowedTenants
  facts: DeliveryFacts
  applied: Applied
}

/** Returns why the event was ignored, when it was. */
const applyEvent = async (tx: Transaction, frame: Frame, event: ForgeEvent): Promise<string | undefined> => {
  const { forge } = frame.facts
  switch (event.kind) {
    case 'ping':
      return undefined
    case 'push':
      return applyPush(tx, frame, event)
    case 'installed': {
      if (!(await frame.allowed.has(tx, forge, event.account.login))) return unknownTenant(event.account.login)
      const tenant = await ensureTenant(tx, { forge, ...event.account })
      for (const repository of event.repositories) {
        await ensureRepository(tx, tenant.id, { forge, ...repository, installationId: event.installationId })
      }
      return undefined
    }
    case 'uninstalled':
      frame.applied.functions.push(...(await removeAccount(tx, forge, event.account.id)))
      return undefined
    case 'suspended':
    case 'unsuspended':
      frame.applied.functions.push(
        ...(await setAccountSuspended(tx, forge, event.account.id, event.kind === 'suspended')),
      )
      return undefined
    case 'repositories-changed': {
      if (!(await frame.allowed.has(tx, forge, event.account.login))) return unknownTenant(event.account.login)
      const tenant = await ensureTenant(tx, { forge, ...event.account })
      for (const repository of event.added) {
        await ensureRepository(tx, tenant.id, { forge, ...repository, installationId: event.installationId })
      }
      for (const repository of event.removed) await removeRepository(tx, frame, repository.id)
      return undefined
    }
    case 'repository-renamed':
    case 'repository-edited':
    case 'repository-transferred': {
      const there = await repositoryByForgeId(tx, forge, event.repository.id)
      if (!there) return `repository ${event.repository.owner}/${event.repository.name} is not known here`
      if (!(await frame.allowed.has(tx, forge, event.repository.owner))) {
        await removeRepository(tx, frame, event.repository.id)
        return unknownTenant(event.repository.owner)
      }
      const tenant = await ensureTenant(tx, { forge, id: event.repository.ownerId, login: event.repository.owner })
      // What ran for the former owner must not go on in the new owner's name, nor in the old one's.
      if (there.tenantId !== tenant.id) await removeRepository(tx, frame, event.repository.id)
      await ensureRepository(tx, tenant.id, { forge, ...event.repository })
      return undefined
    }
    case 'repository-deleted':
      await removeRepository(tx, frame, event.repository.id)
      return undefined
  }
}

const applyPush = async (
  tx: Transaction,
  frame: Frame,
  event: Extract<ForgeEvent, { kind: 'push' }>,
): Promise<string | undefined> => {
  const { forge, id } = frame.facts
  if (!event.ref.startsWith('refs/heads/')) return `${event.ref} is no branch`
  if (!event.after) return `${event.ref} was deleted`
  if (!(await frame.allowed.has(tx, forge, event.repository.owner))) return unknownTenant(event.repository.owner)

  const tenant = await ensureTenant(tx, { forge, id: event.repository.ownerId, login: event.repository.owner })
  const repository = await ensureRepository(tx, tenant.id, { forge, ...event.repository })
  const push = await recordPush(tx, {
    repository,
    ref: event.ref,
    sha: event.after,
    before: event.before,
    pusher: event.pusher,
    message: event.message,
    delivery: { forge, id },
  })
  if (push.kind === 'known') return `${event.ref} stands at ${event.after.slice(0, 8)} already`
  frame.applied.hasReports = true
  if (push.kind === 'skipped') return push.reason
  frame.applied.builds.push(push.buildId)
  frame.applied.superseded.push(...push.superseded)
  return undefined
}

const removeRepository = async (tx: Transaction, frame: Frame, forgeId: string): Promise<void> => {
  const repository = await repositoryByForgeId(tx, frame.facts.forge, forgeId)
  if (repository) frame.applied.functions.push(...(await removeRepositories(tx, [repository.id])))
}

const unknownTenant = (login: string): string => `${login} is no tenant of this cloud`
