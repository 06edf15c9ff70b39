import { collectDefaultMetrics, Registry } from 'prom-client'

/** A registry of its own per process, with Node's default metrics and the app's name on every series. */
export const createMetrics = (app: string): Registry => {
  const registry = new Registry()
  registry.setDefaultLabels({ app })
  collectDefaultMetrics({ register: registry })
  return registry
}
