import { Gauge, type Registry } from 'prom-client'
import { type CallStats, type CodeStats, DURATION_BUCKETS } from './call-stats.ts'
import type { ReplicaCount } from './route-table.ts'

/** What the gateway knows of itself at one moment, all its workers together. */
export interface GatewayNumbers {
  /** Of functions that were called, and of what named none. */
  calls: readonly CallStats[]
  replicas: readonly ReplicaCount[]
  routes: number
  workersReady: number
  workerRestarts: number
  /** Functions whose async calls wait, run or are dead, as the last look at the queues found them. */
  queues: readonly QueueCount[]
}

export interface QueueCount {
  /** `<function>.<tenant>` */
  name: string
  waiting: number
  running: number
  dead: number
}

/** One line of Prometheus' text form; `metricName` where it is not the metric's own (`…_bucket`). */
interface Sample {
  labels: Labels
  value: number
  metricName?: string
}

interface Metric {
  type: 'counter' | 'gauge' | 'histogram'
  name: string
  help: string
  samples: (numbers: GatewayNumbers) => Sample[]
}

type Labels = Record<string, string | number>

/** OpenFaaS's `function_name` is what `live` points at; what else is counted of a function bears `alias` as well. */
const labelsOf = ({ functionName, alias }: Pick<CallStats, 'functionName' | 'alias'>): Labels =>
  alias === 'live' ? { function_name: functionName } : { function_name: functionName, alias }

const perCode = ({ calls }: GatewayNumbers, sample: (labels: Labels, code: CodeStats) => Sample[]): Sample[] =>
  calls.flatMap((stats) => stats.byCode.flatMap((code) => sample(labelsOf(stats), code)))

const perFunction = ({ calls }: GatewayNumbers, value: (stats: CallStats) => number): Sample[] =>
  calls.map((stats) => ({ labels: labelsOf(stats), value: value(stats) }))

const perQueue = ({ queues }: GatewayNumbers, value: (queue: QueueCount) => number): Sample[] =>
  queues.map((queue) => ({ labels: { function_name: queue.name }, value: value(queue) }))

const one = (value: number): Sample[] => [{ labels: {}, value }]

/** The gateway's numbers: under OpenFaaS's names what OpenFaaS has, so that boards made for it fit. */
const METRICS: readonly Metric[] = [
  {
    type: 'counter',
    name: 'gateway_function_invocation_total',
    help: 'Calls that ended, by status',
    samples: (numbers) =>
      perCode(numbers, (labels, { code, count }) => [{ labels: { ...labels, code }, value: count }]),
  },
  {
    type: 'counter',
    name: 'gateway_function_invocation_started',
    help: 'Calls that began',
    samples: (numbers) => perFunction(numbers, (stats) => stats.started),
  },
  {
    type: 'gauge',
    name: 'gateway_function_invocation_inflight',
    help: 'Calls under way',
    samples: (numbers) => perFunction(numbers, (stats) => stats.inFlight),
  },
  {
    type: 'histogram',
    name: 'gateway_functions_seconds',
    help: 'Seconds a call took',
    samples: (numbers) => perCode(numbers, histogram),
  },
  {
    type: 'gauge',
    name: 'gateway_service_count',
    help: 'Replicas of a function',
    samples: ({ replicas }) => replicas.map((of) => ({ labels: labelsOf(of), value: of.replicas })),
  },
  {
    type: 'gauge',
    name: 'pushfn_gateway_ejected',
    help: 'Replicas that are given no calls for a while because they fail again and again',
    samples: ({ replicas }) =>
      replicas.filter(({ ejected }) => ejected > 0).map((of) => ({ labels: labelsOf(of), value: of.ejected })),
  },
  {
    type: 'gauge',
    name: 'pushfn_gateway_held',
    help: 'Calls that wait for a replica',
    samples: (numbers) => perFunction(numbers, (stats) => stats.held).filter(({ value }) => value > 0),
  },
  {
    type: 'counter',
    name: 'pushfn_gateway_cold_starts_total',
    help: 'Calls that waited until their function was awake',
    samples: (numbers) => perFunction(numbers, (stats) => stats.coldStarts).filter(({ value }) => value > 0),
  },
  {
    type: 'gauge',
    name: 'pushfn_gateway_async_waiting',
    help: 'Async calls that wait for their turn; every gateway of a cloud tells the same',
    samples: (numbers) => perQueue(numbers, ({ waiting }) => waiting),
  },
  {
    type: 'gauge',
    name: 'pushfn_gateway_async_running',
    help: 'Async calls that run; every gateway of a cloud tells the same',
    samples: (numbers) => perQueue(numbers, ({ running }) => running),
  },
  {
    type: 'gauge',
    name: 'pushfn_gateway_async_dead',
    help: 'Async calls in the dead-letter list; every gateway of a cloud tells the same',
    samples: (numbers) => perQueue(numbers, ({ dead }) => dead),
  },
  {
    type: 'gauge',
    name: 'pushfn_gateway_routes',
    help: 'Routes in the table',
    samples: ({ routes }) => one(routes),
  },
  {
    type: 'gauge',
    name: 'pushfn_gateway_workers',
    help: 'Workers that serve',
    samples: ({ workersReady }) => one(workersReady),
  },
  {
    type: 'counter',
    name: 'pushfn_gateway_worker_restarts_total',
    help: 'Workers that died and were replaced',
    samples: ({ workerRestarts }) => one(workerRestarts),
  },
]

/** Puts the numbers of one moment into a registry of their own. */
export const registerMetrics = (registry: Registry, numbers: GatewayNumbers): void => {
  for (const { type, name, help, samples } of METRICS) {
    // prom-client has no public form for values that are there already but this: a gauge whose `get` tells all itself.
    const metric = new Gauge({ name, help, registers: [] })
    registry.registerMetric(
      Object.assign(metric, { get: async () => ({ name, help, type, aggregator: 'sum', values: samples(numbers) }) }),
    )
  }
}

const histogram = (of: Labels, stats: CodeStats): Sample[] => {
  const labels = { ...of, code: stats.code }
  const metric = 'gateway_functions_seconds'
  let upTo = 0
  const buckets = DURATION_BUCKETS.map((le, i) => {
    upTo += stats.buckets[i] ?? 0
    return { metricName: `${metric}_bucket`, labels: { ...labels, le }, value: upTo }
  })
  return [
    ...buckets,
    { metricName: `${metric}_bucket`, labels: { ...labels, le: '+Inf' }, value: stats.count },
    { metricName: `${metric}_sum`, labels, value: stats.seconds },
    { metricName: `${metric}_count`, labels, value: stats.count },
  ]
}
