import type { BuildEventInput } from '@pushfn/model/build-event'
import { type BuildFailure, isTerminal } from '@pushfn/model/build-state'
import { RoutePolicy } from '@pushfn/model/route'
import { moveAlias } from '@pushfn/store/alias-moves'
import { storeBuildLog } from '@pushfn/store/build-log'
import { type BuildWriter, openBuildWriter } from '@pushfn/store/build-stream'
import { advanceBuild, type Claim, claimBuild, finishBuild } from '@pushfn/store/builds'
import { release } from '@pushfn/store/releases'
import type { Repository } from '@pushfn/store/repositories'
import { changeRoutes } from '@pushfn/store/route-store'
import type { Tenant } from '@pushfn/store/tenants'
import { createToken } from '@pushfn/store/tokens'
import { aQueuedPush, aRepository, aSpec, aTenant } from '../support/builders.ts'
import type { ConsoleStage } from './console-stage.ts'

export interface ConsoleTenant {
  tenant: Tenant
  repository: Repository
  token: string
}

export const aConsoleTenant = async ({ db }: ConsoleStage, slug?: string): Promise<ConsoleTenant> => {
  const tenant = await aTenant(db, slug)
  return {
    tenant,
    repository: await aRepository(db, tenant),
    token: (await createToken(db, tenant.id, { name: 'test' })).token,
  }
}

/** A build in the hands of the test, which plays the builder. */
export interface PlayedBuild {
  id: string
  writer: BuildWriter
  /** Says what happened; a state also goes to the build's row. */
  say(...events: BuildEventInput[]): Promise<void>
  /** Makes functions live as release and controller would. */
  goLive(...names: string[]): Promise<void>
}

export const aPlayedBuild = async (
  stage: ConsoleStage,
  who: ConsoleTenant,
  facts: Parameters<typeof aQueuedPush>[2] & { failure?: BuildFailure } = {},
): Promise<PlayedBuild> => {
  const { failure, ...push } = facts
  const { buildId } = await aQueuedPush(stage.db, who.repository, push)
  return playBuild(stage, who, { buildId, failure })
}

/** The same of a build that waits. */
export const playBuild = async (
  stage: ConsoleStage,
  { tenant, repository }: Pick<ConsoleTenant, 'tenant' | 'repository'>,
  { buildId, failure }: { buildId: string; failure?: BuildFailure | undefined },
): Promise<PlayedBuild> => {
  const { db, bus, cloud } = stage
  const build = await claimBuild(db, buildId, 'test')
  if (!build) throw new Error('somebody else has the build')
  const claim: Claim = { buildId, generation: build.generation }
  const writer = openBuildWriter(bus, cloud, { id: buildId, attempt: build.tries }, (err) => {
    throw err
  })
  return {
    id: buildId,
    writer,
    say: async (...events) => {
      for (const event of events) {
        writer.write(event)
        if (event.kind !== 'state') continue
        if (!isTerminal(event.state)) await advanceBuild(db, claim, event.state)
        else await end(event.state)
      }
      await writer.flush()
    },
    goLive: async (...names) => {
      const revisions = await release(db, {
        claim,
        tenantId: tenant.id,
        repositoryId: repository.id,
        sha: build.push.sha,
        sequence: build.push.sequence,
        functions: names.map((name) => ({
          name,
          image: `registry.local/${tenant.slug}/shop-${name}:main-${build.push.sha.slice(0, 7)}`,
          digest: `sha256:${build.push.sha}`,
          spec: aSpec(),
        })),
      })
      for (const { name, ...revision } of revisions) {
        await moveAlias(db, revision)
        await aRouteOf(stage, tenant.slug, name, 1)
      }
    },
  }

  async function end(state: Parameters<typeof finishBuild>[2] | string) {
    await storeBuildLog(db, buildId, writer.events)
    // Only ended states come here.
    await finishBuild(db, claim, state as Parameters<typeof finishBuild>[2], failure)
  }
}

/** The route of a function over so many replicas, as the controller publishes it; over none, the function is asleep. */
export const aRouteOf = async (stage: ConsoleStage, tenant: string, name: string, replicas: number): Promise<void> => {
  const endpoints = Array.from({ length: replicas }, (_, n) => ({ id: `${name}-${n}`, address: '127.0.0.1:9' }))
  const policy = RoutePolicy.parse({ responseTimeoutMs: 1_000, idleTimeoutMs: 1_000, maxBodyBytes: 1_000 })
  const route = { host: tenant, function: name, tenant, revision: 'r1', endpoints, policy }
  await changeRoutes(stage.bus.redis, stage.cloud, { put: [route] })
}
