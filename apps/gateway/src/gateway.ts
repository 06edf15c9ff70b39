import { ConfigurationError } from '@pushfn/kit/configuration'
import type { Log } from '@pushfn/kit/log'
import type { RunningApp } from '@pushfn/kit/run'
import { RoutePolicy, routeOfKey } from '@pushfn/model/route'
import { openAccess } from './access/access.ts'
import { openAsyncDoor } from './async/open-door.ts'
import { CallStats } from './call-stats.ts'
import { SlotKeeper } from './hold/slot-keeper.ts'
import { WaitingRoom } from './hold/waiting-room.ts'
import { LoadReporter } from './load/load-reporter.ts'
import { createInternalPeers, createPeers, parseNetworks } from './peer.ts'
import type { WorkerState } from './processes/messages.ts'
import { createProxy } from './proxy.ts'
import { followRoutes, type RouteFeed } from './route-feed.ts'
import { type RouteEntry, RouteTable } from './route-table.ts'
import { startServer } from './server.ts'
import type { GatewayConfiguration } from './settings.ts'
import { Upstream, type UpstreamLimits } from './upstream.ts'
import { Clock } from './wire/clock.ts'

export interface Gateway extends RunningApp {
  readonly port: number
  /** For the metrics and the health of all workers together. */
  state(): Omit<WorkerState, 'node'>
}

/**
 * Puts one worker's gateway together and starts it. It serves the console at once, and functions from the first table on.
 * `internalPath` is the socket for the primary's own calls.
 */
export const startGateway = async (
  configuration: GatewayConfiguration,
  options: { internalPath: string; log: Log },
): Promise<Gateway> => {
  const { internalPath, log } = options
  const clock = new Clock()
  const limits = {
    clock,
    maxConnections: configuration.maxConnectionsPerEndpoint,
    maxWaiting: 10 * configuration.maxConnectionsPerEndpoint,
  }
  let isStopping = false
  let feed: RouteFeed | undefined
  const unknown = new CallStats('')
  const room = new WaitingRoom({
    maxHeld: configuration.maxHeld,
    onWanted: (key) => {
      feed?.wake(routeOfKey(key))
      reporter?.hasten()
    },
  })
  let reporter: LoadReporter | undefined
  const access = openAccess({ ...configuration, log })
  const asyncDoor = openAsyncDoor(configuration, log)
  const { redisUrl, cloud } = configuration
  const slots = new SlotKeeper({ redisUrl, cloud, office: access.office, room, log })
  const events = {
    onDrained: (endpoint: string) => feed?.drained(endpoint),
    onBadEntry: (route: string, problem: string) => log.error({ route, problem }, 'a route cannot be used'),
    onChanged: (key: string | undefined) => (key === undefined ? room.allChanged() : room.changed(key)),
    onLeap: () => reporter?.hasten(),
    onLimit: (upstream: Upstream, key: string, maxInflight: number | null) => slots.limit(upstream, key, maxInflight),
  }
  const table = new RouteTable(limits, events, access.gateOf)
  const serving = {
    table,
    domains: access.domains,
    room,
    functionsSuffix: `.${new URL(configuration.functionsUrl).hostname}`,
    consoleHost: new URL(configuration.consoleUrl).hostname,
    console: consoleEntry(configuration.apiUrl, limits),
    unknown,
    async: asyncDoor,
    wake: (key: string) => feed?.wake(routeOfKey(key)),
    isStopping: () => isStopping,
  }
  const proxy = createProxy({ ...serving, peerOf: createPeers(parseNetworks(configuration.trustedProxies)) })
  const internalProxy = createProxy({ ...serving, peerOf: createInternalPeers() })
  const { host, port } = configuration
  const server = await startServer({ listen: { host, port }, limits: configuration, proxy })
  const internal = await startServer({ listen: { path: internalPath }, limits: configuration, proxy: internalProxy })
  feed = followRoutes({ redisUrl: configuration.redisUrl, cloud: configuration.cloud, table, log })
  reporter = new LoadReporter({
    stats: () => table.stats(),
    splits: () => table.splits(),
    publish: (load) => feed?.report(load),
  })

  return {
    port: server.port,
    state: () => ({
      isReady: feed?.version() !== undefined && !isStopping,
      routes: table.size,
      calls: [unknown, ...table.stats(), ...table.past()].filter(
        (stats) => stats.started > 0 || stats.byCode.length > 0,
      ),
      replicas: table.replicas(),
    }),
    stop: async () => {
      isStopping = true
      await Promise.all([server.stop(configuration.stopTimeoutMs), internal.stop(configuration.stopTimeoutMs)])
      // Last, so that the controller waits for this gateway's calls as long as there are any.
      await feed.stop()
      reporter?.stop()
      slots.stop()
      await access.stop()
      await asyncDoor.stop()
      clock.stop()
    },
  }
}

const QUARTER_HOUR_MS = 15 * 60_000

/** The api as a route of its own: builds are followed for minutes, and a Git push has the size that it has. */
const consoleEntry = (apiUrl: string, limits: UpstreamLimits): RouteEntry => ({
  policy: RoutePolicy.parse({
    responseTimeoutMs: QUARTER_HOUR_MS,
    idleTimeoutMs: QUARTER_HOUR_MS,
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    // Nobody wakes the api.
    hold: { calls: 0, ms: 0 },
  }),
  upstreams: [new Upstream({ id: 'api', address: addressOf(apiUrl) }, limits)],
  stats: new CallStats('console'),
  gate: undefined,
  split: undefined,
})

/** `host:port` of the api. Throws ConfigurationError where it is not reached by plain HTTP. */
const addressOf = (apiUrl: string): string => {
  const url = new URL(apiUrl)
  if (url.protocol !== 'http:') throw new ConfigurationError('API_URL is wrong: the gateway reaches the api by http://')
  return url.port === '' ? `${url.host}:80` : url.host
}
