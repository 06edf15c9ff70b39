import { type BuildFailure, type BuildState, TERMINAL_STATES } from '@pushfn/model/build-state'
import { AppError } from '@pushfn/model/errors'
import type { Database, Transaction } from './database.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './storable.ts'

/** How long a claim holds without being renewed; who holds it renews three times as often. */
export const LEASE_MS = 15_000

/** A build that was claimed so often and never came to an end takes its builders with it: the next claim only ends it. */
export const MAX_CLAIMS = 10

/** A build's right to write: any other claim since makes it void. */
export interface Claim {
  buildId: string
  generation: number
}

export type ClaimedBuild = Prisma.BuildGetPayload<{
  include: { push: { include: { repository: { include: { tenant: true } } } } }
}>

/**
 * Takes a build that waits or whose holder was not heard of for a lease's time; undefined when there is nothing to take
 * (it ended, or somebody holds it). The database's clock decides, so that no other one needs to be right.
 */
export const claimBuild = async (db: Database, buildId: string, owner: string): Promise<ClaimedBuild | undefined> => {
  const claimed = await db.$executeRaw`
    UPDATE builds SET generation = generation + 1, tries = tries + 1, lease_owner = ${owner},
      lease_until = now() + ${LEASE_MS} * interval '1 millisecond', started_at = coalesce(started_at, now())
    WHERE id = ${buildId}::uuid AND state NOT IN (${terminal}) AND (lease_until IS NULL OR lease_until < now())`
  if (claimed === 0) return undefined
  return db.build.findUniqueOrThrow({
    where: { id: buildId },
    include: { push: { include: { repository: { include: { tenant: true } } } } },
  })
}

const terminal = Prisma.join(TERMINAL_STATES.map((state) => Prisma.sql`${state}::"BuildState"`))

/** Holds the claim for another lease's time. Throws LEASE_LOST when somebody else took it. */
export const renewLease = async (db: Database, claim: Claim): Promise<void> => {
  const renewed = await db.$executeRaw`
    UPDATE builds SET lease_until = now() + ${LEASE_MS} * interval '1 millisecond'
    WHERE id = ${claim.buildId}::uuid AND generation = ${claim.generation} AND state NOT IN (${terminal})`
  if (renewed === 0) throw leaseLost(claim)
}

/** Hands the build back, so that the next one need not wait for the lease to end. It does not count as a try. */
export const returnLease = async (db: Database, claim: Claim): Promise<void> => {
  await db.build.updateMany({
    where: { id: claim.buildId, generation: claim.generation, state: { notIn: [...TERMINAL_STATES] } },
    data: { leaseUntil: null, leaseOwner: null, tries: { decrement: 1 } },
  })
}

/** Hands the build back to be tried again after a while. */
export const delayBuild = async (db: Database, claim: Claim, delayMs: number): Promise<void> => {
  await db.$executeRaw`
    UPDATE builds SET state = 'queued', lease_owner = NULL, lease_until = now() + ${delayMs} * interval '1 millisecond'
    WHERE id = ${claim.buildId}::uuid AND generation = ${claim.generation} AND state NOT IN (${terminal})`
}

/** Writes the state a build goes on in. Throws LEASE_LOST when the claim is void. */
export const advanceBuild = async (db: Database | Transaction, claim: Claim, state: BuildState): Promise<void> => {
  const { count } = await db.build.updateMany({
    where: { id: claim.buildId, generation: claim.generation, state: { notIn: [...TERMINAL_STATES] } },
    data: { state },
  })
  if (count === 0) throw leaseLost(claim)
}

/** Ends a build for good. Returns false when the claim is void or it had ended already: then nothing was changed. */
export const finishBuild = async (
  db: Database | Transaction,
  claim: Claim,
  state: (typeof TERMINAL_STATES)[number],
  failure?: BuildFailure,
): Promise<boolean> => {
  const { count } = await db.build.updateMany({
    where: { id: claim.buildId, generation: claim.generation, state: { notIn: [...TERMINAL_STATES] } },
    data: {
      state,
      failure: failure ? storable(failure) : Prisma.DbNull,
      finishedAt: new Date(),
      leaseUntil: null,
      leaseOwner: null,
    },
  })
  return count > 0
}

/**
 * The newer push of the same ref, when there is one: then this build need not go on. One that is not built brings nothing
 * in this one's place; nor does one that is only kept, in the place of one that is to go live.
 */
export const supersededBy = async (
  db: Database,
  push: { repositoryId: string; ref: string; sequence: bigint },
  isStaged = false,
): Promise<{ sha: string } | undefined> =>
  (await db.push.findFirst({
    where: {
      repositoryId: push.repositoryId,
      ref: push.ref,
      sequence: { gt: push.sequence },
      // It brings nothing that is newer.
      trigger: { not: 'rebuild' },
      build: { state: { not: 'skipped' }, ...(!isStaged && { isStaged }) },
    },
    orderBy: { sequence: 'desc' },
    select: { sha: true },
  })) ?? undefined

/** Builds that nobody works on: neither ended nor held. The reconciler rings for them again. */
export const waitingBuilds = (db: Database, limit: number): Promise<{ id: string; tries: number }[]> =>
  db.$queryRaw`
    SELECT id, tries FROM builds
    WHERE state NOT IN (${terminal}) AND (lease_until IS NULL OR lease_until < now())
    ORDER BY created_at LIMIT ${limit}`

const leaseLost = (claim: Claim): AppError =>
  new AppError('LEASE_LOST', `build ${claim.buildId} is not held by generation ${claim.generation} any more`)
