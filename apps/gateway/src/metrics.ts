import { Gauge, type Registry } from 'prom-client'
import { type CallStats, type CodeStats, DURATION_BUCKETS } from './call-stats.ts'
import type { RouteTable } from './route-table.ts'

/** One line of Prometheus' text form; `metricName` where it is not the metric's own (`…_bucket`). */
interface Sample {
  labels: Record<string, string | number>
  value: number
  metricName?: string
}

/**
 * The gateway's numbers under OpenFaaS's names, so that boards made for it fit. They are counted in plain fields where
 * calls pass, and put into Prometheus' form when it asks. `unknown` holds what named no function.
 */
export const registerMetrics = (registry: Registry, table: RouteTable, unknown: CallStats): void => {
  const called = (): CallStats[] =>
    [unknown, ...table.stats()].filter((stats) => stats.started > 0 || stats.byCode.length > 0)
  const perCode = (sample: (name: string, code: CodeStats) => Sample[]): Sample[] =>
    called().flatMap((stats) => stats.byCode.flatMap((code) => sample(stats.functionName, code)))

  register(registry, 'counter', 'gateway_function_invocation_total', 'Calls that ended, by status', () =>
    perCode((name, { code, count }) => [{ labels: { function_name: name, code }, value: count }]),
  )
  register(registry, 'counter', 'gateway_function_invocation_started', 'Calls that began', () =>
    called().map((stats) => ({ labels: { function_name: stats.functionName }, value: stats.started })),
  )
  register(registry, 'gauge', 'gateway_function_invocation_inflight', 'Calls under way', () =>
    called().map((stats) => ({ labels: { function_name: stats.functionName }, value: stats.inFlight })),
  )
  register(registry, 'histogram', 'gateway_functions_seconds', 'Seconds a call took', () => perCode(histogram))
  register(registry, 'gauge', 'gateway_service_count', 'Replicas of a function', () => {
    const replicas = new Map<string, number>()
    for (const { stats, upstreams } of table.entries()) {
      const name = stats.functionName
      replicas.set(name, Math.max(replicas.get(name) ?? 0, upstreams.length))
    }
    return [...replicas].map(([name, value]) => ({ labels: { function_name: name }, value }))
  })
  register(registry, 'gauge', 'pushfn_gateway_routes', 'Routes in the table', () => [{ labels: {}, value: table.size }])
}

const histogram = (name: string, stats: CodeStats): Sample[] => {
  const labels = { function_name: name, code: stats.code }
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

/**
 * prom-client's own counters keep a hash of every label set and are looked up at every call; a metric that is read at
 * the scrape has no public form there but this: a gauge whose `get` tells type and values itself.
 */
const register = (
  registry: Registry,
  type: 'counter' | 'gauge' | 'histogram',
  name: string,
  help: string,
  samples: () => Sample[],
): void => {
  const metric = new Gauge({ name, help, registers: [] })
  registry.registerMetric(
    Object.assign(metric, { get: async () => ({ name, help, type, aggregator: 'sum', values: samples() }) }),
  )
}
