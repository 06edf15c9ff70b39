import { AppError } from '@pushfn/model/errors'
import { Route, routeKey } from '@pushfn/model/route'
import { channels } from '@pushfn/store/bus'
import { readRoutes } from '@pushfn/store/route-store'
import { isAsItShallBe } from './as-it-shall-be.ts'
import { watchCanaries } from './canary/watch-canaries.ts'
import type { ControllerContext } from './context.ts'
import { deploy } from './deploy.ts'
import { drainAndRemove, isLeaving } from './drain.ts'
import { followSchedules } from './follow-schedules.ts'
import { heal } from './heal.ts'
import { openLanes } from './lanes.ts'
import { usableReplicas } from './live-replicas.ts'
import { pause } from './pause.ts'
import { publishAccess } from './publish-access.ts'
import { replicaKey } from './replicas.ts'
import { liveRoute, liveRouteKey } from './route-table.ts'
import { autoscale } from './scale/autoscaler.ts'
import { sweep } from './sweep.ts'
import { isUncalled } from './uncalled.ts'
import { wake } from './wake.ts'
import { isOfRevision } from './workload.ts'

/**
 * What the leading controller does until it leads no more: it makes the engine match the database. Bells and the engine's
 * events say where to look at once, and every few seconds it looks at everything; so nothing depends on a bell.
 *
 * An alias has two lanes: what is live is healed in one, what is wanted is brought live in the other, so that a
 * revision that takes a minute to fail does not keep the live one from being healed.
 */
export const lead = async (given: Omit<ControllerContext, 'heal'>): Promise<void> => {
  const context: ControllerContext = { ...given, heal: (aliasId) => healing.run(aliasId) }
  const { signal, log, aliases } = context
  const deploys = new Map<string, { revisionId: string; abort: AbortController }>()

  const healing = openLanes(async (aliasId) => {
    try {
      const state = await aliases.read(aliasId)
      if (state) await heal(context, state)
    } catch (err) {
      if (!signal.aborted) log.warn({ err, aliasId }, 'healing failed; it is tried again')
    }
  })

  const deploying = openLanes(async (aliasId) => {
    const state = await aliases.read(aliasId).catch(() => undefined)
    const wanted = state?.wanted
    if (!state || !wanted || state.isRemoved || wanted.id === state.live?.id) return
    if (wanted.state === 'failed') return
    const abort = new AbortController()
    deploys.set(aliasId, { revisionId: wanted.id, abort })
    try {
      await deploy(context, state, wanted, AbortSignal.any([signal, abort.signal]))
    } catch (err) {
      if (!signal.aborted && !abort.signal.aborted) log.warn({ err, aliasId }, 'deploying failed; it is tried again')
    } finally {
      deploys.delete(aliasId)
    }
  })

  const look = async (aliasId: string): Promise<void> => {
    const running = deploys.get(aliasId)
    if (running) {
      const state = await aliases.read(aliasId).catch(() => undefined)
      // A newer wish: what is on its way need not arrive.
      if (state && (state.isRemoved || state.wanted?.id !== running.revisionId)) {
        running.abort.abort(new AppError('SUPERSEDED', 'another revision is wanted'))
      }
    }
    deploying.run(aliasId)
    healing.run(aliasId)
  }

  const lookAt = async (functionId: string): Promise<void> => {
    const states = await aliases.readOf(functionId).catch(() => [])
    for (const state of states)
      if (deploys.has(state.aliasId) || !isAsItShallBe(context, state)) void look(state.aliasId)
  }

  const unsubscribe = await context.bus.subscribe(
    channels(context.config.cloud).functionWanted,
    (id) => void lookAt(id),
  )
  const watching = watchEngine(context)
  let scaling: Promise<unknown> | undefined
  try {
    await publishWhatRuns(context)
    context.gateways.onWake((of) => {
      const state = aliases.find(routeKey(of))
      if (state) wake(context, state).catch((err) => !signal.aborted && log.warn({ err, ...of }, 'waking failed'))
    })
    const lookSoon = (id: string) => void lookAt(id)
    scaling = Promise.all([autoscale(context), sweep(context, lookSoon), watchCanaries(context, lookSoon)])
    while (!signal.aborted) {
      await publishAccess(context).catch((err) =>
        log.warn({ err }, 'tokens and domains cannot be published; it is tried again'),
      )
      await resync(context, look).catch((err) => log.warn({ err }, 'resync failed; it is tried again'))
      await pause(context.config.resyncMs, signal)
    }
  } finally {
    unsubscribe()
    await watching
    await scaling
    await Promise.all([deploying.idle(), healing.idle()])
  }
}

/**
 * At the start of a leadership: routes over what runs already, before anything is changed. Of what runs, callers are sent
 * to those to whom they were before, since what a former leader had only started may not answer yet; when Redis has lost
 * the routes, to all.
 */
const publishWhatRuns = async (context: ControllerContext): Promise<void> => {
  while (!context.signal.aborted) {
    try {
      await context.replicas.refresh()
      const before = await readRoutes(context.bus.redis, context.config.cloud)
      const hasRoutes = Object.keys(before).length > 0
      for (const state of await context.aliases.refresh()) {
        const { live } = state
        if (!live || state.isRemoved) continue
        const replicas = context.replicas.of(state).filter((replica) => isOfRevision(replica, live))
        const known = endpointsOf(before[liveRouteKey(state)])
        for (const { id, address } of replicas) {
          if (!hasRoutes || (address && known.get(id) === address)) context.replicas.prove(id)
        }
        if (replicas.length > 0 || !isUncalled(context, state)) context.scales.adopt(state, live, replicas)
        const usable = usableReplicas(context, state, live)
        context.routes.fill(liveRoute(state, live, usable, context.config))
      }
      return await context.routes.publishAll()
    } catch (err) {
      context.log.warn({ err }, 'the routes cannot be rebuilt yet; it is tried again')
      await pause(1_000, context.signal)
    }
  }
}

/** Address by replica. */
const endpointsOf = (text: string | undefined): Map<string, string> => {
  const route = text === undefined ? undefined : Route.safeParse(jsonOf(text)).data
  return new Map(route?.endpoints.map(({ id, address }) => [id, address]))
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Looks at every alias and at every replica, closely only where something is not as it shall be. What runs is read first:
 * what started since is wanted by then.
 */
const resync = async (context: ControllerContext, look: (aliasId: string) => Promise<void>): Promise<void> => {
  // Restores isolation's rules too, when somebody flushed them.
  await context.engine.ping(context.signal)
  await context.replicas.refresh()
  const states = await context.aliases.refresh()
  context.scales.keep(new Set(states.map((state) => state.aliasId)))
  await Promise.all(states.filter((state) => !isAsItShallBe(context, state)).map((state) => look(state.aliasId)))

  const known = new Set(states.map((state) => liveRouteKey(state)))
  for (const key of context.routes.keys()) if (!known.has(key)) await context.routes.remove(key)
  for (const replica of context.replicas.all()) {
    const isKnown = known.has(replicaKey(replica))
    if (isKnown || isLeaving(context, replica)) continue
    const { id, tenant, function: name, alias } = replica
    context.log.warn({ replica: id, tenant, function: name, alias }, 'removing an orphan')
    void drainAndRemove(context, { replica, drained: Promise.resolve(true) })
  }
  await context.routes.publishAll()
  await followSchedules(context, states)
}

/** Follows the engine's events, again and again when they end, until the leadership does. */
const watchEngine = async (context: ControllerContext): Promise<void> => {
  while (!context.signal.aborted) {
    try {
      for await (const event of context.engine.watch(context.signal)) {
        if (event.kind !== 'started') context.replicas.died(event.replicaId)
        await context.replicas.look(event.replicaId)
        const state = context.aliases.find(replicaKey(event))
        if (state) context.heal(state.aliasId)
      }
    } catch (err) {
      if (!context.signal.aborted) context.log.warn({ err }, 'the engine’s events broke off')
    }
    await pause(500, context.signal)
  }
}
