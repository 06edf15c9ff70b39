import { AggregatorRegistry, Registry } from 'prom-client'
import { type QueueCount, registerMetrics } from '../metrics.ts'
import { joinStates } from './join-states.ts'
import type { WorkerPool } from './worker-pool.ts'

/** All processes' metrics as those of one gateway, made anew at each scrape. */
export const gatewayMetrics = (
  workers: WorkerPool,
  primary: Registry,
  queues: () => readonly QueueCount[],
): Pick<Registry, 'contentType' | 'metrics'> => ({
  contentType: primary.contentType,
  metrics: async () => {
    const states = await workers.states()
    const registry = new Registry()
    registry.setDefaultLabels({ app: 'gateway' })
    const numbers = joinStates(states, workers.gone)
    registerMetrics(registry, { ...numbers, workerRestarts: workers.restarts, queues: queues() })
    // Node's own numbers, by prom-client's rules: CPU time and memory are added up, a lag of the event loop is averaged.
    const node = AggregatorRegistry.aggregate([await primary.getMetricsAsJSON(), ...states.map((state) => state.node)])
    return `${await node.metrics()}${await registry.metrics()}`
  },
})
