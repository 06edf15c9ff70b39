import type { ForgeDelivery, ForgeEvent, ForgeRepository, ForgeRepositoryLabel } from '@pushfn/forge/forge'
import { NO_COMMIT } from '@pushfn/model/ids'
import { whyNotPromoted } from '@pushfn/model/promotion'
import { removeAccount, setAccountSuspended } from '@pushfn/store/accounts'
import { forgetBuildHooks } from '@pushfn/store/build-hooks'
import { CANCEL_REASONS, type Stopped } from '@pushfn/store/cancellation'
import type { Transaction } from '@pushfn/store/database'
import type { DeliveryFacts, Outcome } from '@pushfn/store/deliveries'
import { promotionOf, refOfTag, tagOf } from '@pushfn/store/promotions'
import { recordPullRequest } from '@pushfn/store/pull-requests'
import type { RecordedPush } from '@pushfn/store/push-rows'
import { recordPush } from '@pushfn/store/pushes'
import { functionsOfTenant, repositoriesBeside, restoreFunctions } from '@pushfn/store/removals'
import {
  ensureRepositories,
  ensureRepository,
  type Repository,
  type RepositoryFacts,
  removeRepositories,
  repositoriesByForgeIds,
  repositoryByForgeId,
} from '@pushfn/store/repositories'
import { forgetRepositorySettings } from '@pushfn/store/repository-settings'
import { rerun } from '@pushfn/store/rerun'
import { takeBack } from '@pushfn/store/take-back'
import { ensureTenant, type Tenant, tenantByAccount } from '@pushfn/store/tenants'
import type { AllowedTenants } from './allowed-tenants.ts'

/** What a delivery changed, and whom to tell. */
export interface Applied extends Outcome {
  builds: string[]
  /** Builds that must not go on: a newer push came, or their repository went. */
  superseded: string[]
  functions: string[]
  hasReports: boolean
}

/** Writes what a delivery means into the transaction. What cannot be placed is ignored with a reason, never an error. */
export const applyEvents = async (
  tx: Transaction,
  allowed: AllowedTenants,
  facts: Frame['facts'],
  delivery: ForgeDelivery,
): Promise<Applied> => {
  const applied = nothingApplied()
  if (delivery.events.length === 0) {
    return { ...applied, outcome: 'ignored', reason: delivery.ignored ?? `${delivery.event} means nothing here` }
  }
  for (const event of delivery.events) {
    const reason = await applyEvent(tx, { allowed, facts, applied, hook: delivery.hook }, event)
    if (reason) Object.assign(applied, { outcome: 'ignored', reason } satisfies Outcome)
  }
  return applied
}

export const nothingApplied = (): Applied => ({
  outcome: 'accepted',
  builds: [],
  superseded: [],
  functions: [],
  hasReports: false,
})

interface Frame {
  allowed: AllowedTenants
  facts: Pick<DeliveryFacts, 'forge' | 'id'>
  applied: Applied
  /** By which webhook it is told, when the forge tells it now. */
  hook?: string | undefined
}

/** Returns why the event was ignored, when it was. */
export const applyEvent = async (tx: Transaction, frame: Frame, event: ForgeEvent): Promise<string | undefined> => {
  const { forge } = frame.facts
  switch (event.kind) {
    case 'ping':
      return undefined
    case 'push':
      return applyPush(tx, frame, event)
    case 'release': {
      const { repository, tag, sha, sender: pusher, title: message } = event
      return applyTag(tx, frame, { repository, by: 'release', tag, sha, pusher, message })
    }
    case 'pull-request':
      return applyPullRequest(tx, frame, event)
    case 'installed': {
      if (!(await frame.allowed.has(tx, forge, event.account.login))) return unknownTenant(event.account.login)
      const before = await tenantByAccount(tx, forge, event.account.id)
      const tenant = await ensureTenant(tx, { forge, ...event.account })
      if (before?.removedAt) await comeBack(tx, frame, tenant, event.repositories)
      await placeRepositories(tx, frame, tenant, event.installationId, event.repositories)
      return undefined
    }
    case 'uninstalled':
      note(frame, await removeAccount(tx, forge, event.account.id))
      return undefined
    case 'suspended':
    case 'unsuspended':
      note(frame, await setAccountSuspended(tx, forge, event.account.id, event.kind === 'suspended'))
      return undefined
    case 'repositories-changed': {
      // What is taken away goes, whether its account may still have anything here or not.
      for (const { id } of event.removed) await removeRepositoryOf(tx, frame, event.account.id, id)
      if (event.added.length === 0) return undefined
      if (!(await frame.allowed.has(tx, forge, event.account.login))) return unknownTenant(event.account.login)
      const tenant = await ensureTenant(tx, { forge, ...event.account })
      await placeRepositories(tx, frame, tenant, event.installationId, event.added)
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
      await placeRepository(tx, frame, tenant, event.repository)
      return undefined
    }
    case 'repository-deleted':
      await removeRepository(tx, frame, event.repository.id)
      return undefined
    case 'rerun-requested':
      return applyRerun(tx, frame, event)
    case 'action-requested':
      return applyAction(tx, frame, event)
  }
}

const applyPush = async (
  tx: Transaction,
  frame: Frame,
  event: Extract<ForgeEvent, { kind: 'push' }>,
): Promise<string | undefined> => {
  const { forge, id } = frame.facts
  const tag = tagOf(event.ref)
  if (tag === undefined && !event.ref.startsWith('refs/heads/')) return `${event.ref} is no branch`
  // A tag that goes takes nothing with it: what it made live is.
  if (!event.after) return `${event.ref} was deleted`
  if (tag !== undefined) return applyTag(tx, frame, { ...event, by: 'tag', tag, sha: event.after })
  if (!(await frame.allowed.has(tx, forge, event.repository.owner))) return unknownTenant(event.repository.owner)

  const tenant = await ensureTenant(tx, { forge, id: event.repository.ownerId, login: event.repository.owner })
  const repository = await placeRepository(tx, frame, tenant, event.repository)
  const push = await recordPush(tx, {
    repository,
    ref: event.ref,
    sha: event.after,
    before: event.before,
    pusher: event.pusher,
    message: event.message,
    skip: event.skip,
    delivery: { forge, id, ...(frame.hook !== undefined && { hook: frame.hook }) },
  })
  if (push.kind === 'known') return `${event.ref} stands at ${event.after.slice(0, 8)} already`
  return notePush(frame, push)
}

/** A tag or a release moves `live` where the tenant said so of its kind and name. */
const applyTag = async (tx: Transaction, frame: Frame, told: ToldTag): Promise<string | undefined> => {
  const { forge, id } = frame.facts
  const { repository: facts, by, tag, sha, before = NO_COMMIT, pusher, message } = told
  const there = await repositoryByForgeId(tx, forge, facts.id)
  const reason = whyNotPromoted(there && promotionOf(there), { by, tag })
  if (reason) return reason
  if (sha === undefined) return `nobody knows which commit ${tag} is of: there is no such tag`
  if (!(await frame.allowed.has(tx, forge, facts.owner))) return unknownTenant(facts.owner)
  const tenant = await ensureTenant(tx, { forge, id: facts.ownerId, login: facts.owner })
  const repository = await placeRepository(tx, frame, tenant, facts)
  const push = await recordPush(tx, {
    repository,
    ref: refOfTag(tag),
    sha,
    before,
    pusher,
    message,
    // A release is no move of its tag, and may be told of again and again.
    delivery: { forge, id },
  })
  if (push.kind === 'known') return `${tag} stands at ${sha.slice(0, 8)} already`
  return notePush(frame, push)
}

interface ToldTag {
  repository: ForgeRepository
  by: 'tag' | 'release'
  tag: string
  /** Undefined when the forge has no such tag. */
  sha: string | undefined
  before?: string
  pusher: string
  message: string
}

/** Somebody who may write to the repository asks for a commit to be built once more; what is not ours is nobody's to ask for. */
const applyRerun = async (
  tx: Transaction,
  frame: Frame,
  event: Extract<ForgeEvent, { kind: 'rerun-requested' }>,
): Promise<string | undefined> => {
  const { forge, id } = frame.facts
  const { repository: facts, sha, buildId, sender } = event
  const repository = await placeKnown(tx, frame, facts)
  if (typeof repository === 'string') return repository
  const push = await rerun(tx, { repository, sha, buildId, by: sender, delivery: { forge, id } })
  if (!push) return `nothing of ${sha.slice(0, 8)} is built here`
  if (push.kind === 'known') return `${sha.slice(0, 8)} is being built, or was built again, already`
  return notePush(frame, push)
}

/** A button of a check was pressed, by somebody who may write to the repository: it moves what is that repository's. */
const applyAction = async (
  tx: Transaction,
  frame: Frame,
  event: Extract<ForgeEvent, { kind: 'action-requested' }>,
): Promise<string | undefined> => {
  const { repository: facts, action, sha, check, externalId, sender } = event
  const repository = await placeKnown(tx, frame, facts)
  if (typeof repository === 'string') return repository
  if (action === 'roll-back') {
    const of = { repositoryId: repository.id, buildId: externalId, check, sha, by: sender }
    const taken = await takeBack(tx, of)
    if (taken.kind === 'ignored') return taken.reason
    frame.applied.functions.push(...taken.choices.map(({ functionId }) => functionId))
    frame.applied.hasReports = true
    return undefined
  }
  const pullRequest = await tx.pullRequest.findFirst({ where: { id: externalId, repositoryId: repository.id } })
  if (!pullRequest) return 'nothing here is of that check'
  const { number, title, headRef, baseRef, isFork } = pullRequest
  const about = { number, title, headRef, baseRef, isFork, headSha: sha, sender }
  return applyPullRequest(tx, frame, { kind: 'pull-request', repository: facts, action: 'approved', ...about })
}

/** The repository as its tenant's, when it is known here; else why nothing of it can be asked for. */
const placeKnown = async (tx: Transaction, frame: Frame, facts: ForgeRepository): Promise<Repository | string> => {
  const { forge } = frame.facts
  const there = await repositoryByForgeId(tx, forge, facts.id)
  if (!there || there.removedAt) return `repository ${facts.owner}/${facts.name} is not known here`
  if (!(await frame.allowed.has(tx, forge, facts.owner))) return unknownTenant(facts.owner)
  const tenant = await ensureTenant(tx, { forge, id: facts.ownerId, login: facts.owner })
  return placeRepository(tx, frame, tenant, facts)
}

const notePush = ({ applied }: Frame, push: Exclude<RecordedPush, { kind: 'known' }>): string | undefined => {
  applied.hasReports = true
  if (push.kind === 'skipped') return push.reason
  applied.builds.push(push.buildId)
  applied.superseded.push(...push.superseded)
  return undefined
}

const applyPullRequest = async (
  tx: Transaction,
  frame: Frame,
  { kind: _, ...event }: Extract<ForgeEvent, { kind: 'pull-request' }>,
): Promise<string | undefined> => {
  const { forge, id } = frame.facts
  const { owner, ownerId } = event.repository
  if (!(await frame.allowed.has(tx, forge, owner))) return unknownTenant(owner)
  const tenant = await ensureTenant(tx, { forge, id: ownerId, login: owner })
  const repository = await placeRepository(tx, frame, tenant, event.repository)
  const recorded = await recordPullRequest(tx, { ...event, repository, delivery: { forge, id } })
  // The comment on it is due in any case.
  frame.applied.hasReports = true
  if (recorded.kind === 'ignored') return recorded.reason
  if (recorded.kind === 'closed') {
    note(frame, recorded)
    return undefined
  }
  frame.applied.builds.push(recorded.buildId)
  frame.applied.superseded.push(...recorded.superseded)
  return undefined
}

/**
 * The repository as its tenant's. When it was another's until now, what ran or is being built for that one ends: it must
 * not go on in the new owner's name, nor in the old one's. Any event may be the first to tell of a transfer.
 */
const placeRepository = async (
  tx: Transaction,
  frame: Frame,
  tenant: Tenant,
  facts: Omit<RepositoryFacts, 'forge'>,
): Promise<Repository> => {
  const { forge } = frame.facts
  const there = await repositoryByForgeId(tx, forge, facts.id)
  if (there && there.tenantId !== tenant.id) {
    note(frame, await removeRepositories(tx, [there.id], CANCEL_REASONS.repositoryTransferred))
    await forgetRepositorySettings(tx, there.id)
    await forgetBuildHooks(tx, there.id)
  }
  const repository = await ensureRepository(tx, tenant.id, { forge, ...facts })
  if (there?.removedAt) frame.applied.functions.push(...(await restoreFunctions(tx, [repository.id])))
  return repository
}

/** Many at once; what was another's until now ends there as well. */
const placeRepositories = async (
  tx: Transaction,
  frame: Frame,
  tenant: Tenant,
  installationId: string,
  labels: readonly ForgeRepositoryLabel[],
): Promise<void> => {
  const { forge } = frame.facts
  const there = await repositoriesByForgeIds(
    tx,
    forge,
    labels.map(({ id }) => id),
  )
  const foreign = there.filter(({ tenantId }) => tenantId !== tenant.id).map(({ id }) => id)
  if (foreign.length > 0) note(frame, await removeRepositories(tx, foreign, CANCEL_REASONS.repositoryTransferred))
  await ensureRepositories(tx, tenant.id, { forge, installationId }, labels)
  const back = there.filter(({ removedAt }) => removedAt).map(({ id }) => id)
  if (back.length > 0) frame.applied.functions.push(...(await restoreFunctions(tx, back)))
}

/** An account has the App again. What it does not let in any more does not come back with it. */
const comeBack = async (
  tx: Transaction,
  frame: Frame,
  tenant: Tenant,
  labels: readonly ForgeRepositoryLabel[],
): Promise<void> => {
  const left = await repositoriesBeside(
    tx,
    tenant.id,
    labels.map(({ id }) => id),
  )
  if (left.length > 0) note(frame, await removeRepositories(tx, left))
  frame.applied.functions.push(...(await functionsOfTenant(tx, tenant.id)))
}

const removeRepository = async (tx: Transaction, frame: Frame, forgeId: string): Promise<void> => {
  const repository = await repositoryByForgeId(tx, frame.facts.forge, forgeId)
  if (repository) note(frame, await removeRepositories(tx, [repository.id]))
}

/** A repository that was transferred leaves the former owner's installation as well: it is not theirs to take away then. */
const removeRepositoryOf = async (tx: Transaction, frame: Frame, accountId: string, forgeId: string): Promise<void> => {
  const { forge } = frame.facts
  const repository = await repositoryByForgeId(tx, forge, forgeId)
  const account = await tenantByAccount(tx, forge, accountId)
  if (repository && repository.tenantId === account?.id) note(frame, await removeRepositories(tx, [repository.id]))
}

const note = ({ applied }: Frame, stopped: Stopped): void => {
  applied.functions.push(...stopped.functions)
  applied.superseded.push(...stopped.builds)
}

const unknownTenant = (login: string): string => `${login} is no tenant of this cloud`
