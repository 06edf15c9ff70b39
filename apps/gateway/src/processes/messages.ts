import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { ToldCalls } from '../call-stats.ts'
import type { ReplicaCount } from '../route-table.ts'

/** What primary and workers say to each other over Node's own channel; both are one program, so nothing is parsed. */
export type ToWorker =
  | { kind: 'start'; port: number; internalPath: string }
  | { kind: 'ask'; id: number }
  | { kind: 'stop' }

export type ToPrimary =
  | { kind: 'listening'; port: number }
  | { kind: 'failed'; message: string; isConfiguration: boolean }
  | { kind: 'told'; id: number; state: WorkerState }

/** One worker at one moment. */
export interface WorkerState {
  /** It has read the route table and does not stop. */
  isReady: boolean
  routes: number
  /** Of every function that was called, and of what named none. */
  calls: ToldCalls[]
  /** Of every function, called or not. */
  replicas: ReplicaCount[]
  /** Node's own numbers of the process. */
  node: MetricObjectWithValues<MetricValue<string>>[]
}
