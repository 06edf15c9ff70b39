/** Where async calls are in Redis; `cloud` keeps several clouds on one Redis apart. */
export const callKeys = (cloud: string) => ({
  /** BullMQ's prefix: the queue of a lane is `<prefix>:<lane>`. */
  queues: `${cloud}:calls`,
  /** Sorted set: lane → when it was last rung for (ms). A lane that has a call is in it. */
  lanes: `${cloud}:call-lanes`,
  /** Channel: a lane that has a call. */
  bell: `${cloud}:bell:calls`,
  /** Hash: tenant → bytes of its calls that are in queues. */
  bytes: `${cloud}:call-bytes`,
  /** Held by the gateway that tidies up at the moment. */
  trimming: `${cloud}:call-trimming`,
  /** What a call ended with, as JSON of CallView. */
  result: (lane: string, callId: string) => `${cloud}:call-result:${lane}:${callId}`,
  /** That a caller chose this id. */
  given: (lane: string, callId: string) => `${cloud}:call-given:${lane}:${callId}`,
  /** What an idempotency key stands for. */
  claim: (lane: string, digest: string) => `${cloud}:call-claim:${lane}:${digest}`,
  /** Hash: function's key → its schedule's last run. */
  lastRuns: `${cloud}:schedule-last-runs`,
})
export type CallKeys = ReturnType<typeof callKeys>

/**
 * A lane is one queue: the calls of one function under one alias, or the callbacks that they lead to. So a slow function
 * keeps nobody else's calls waiting, a preview not those of live, nor a slow receiver of callbacks the function. No part of
 * the name can hold a dot.
 */
export interface LaneOf {
  tenant: string
  function: string
  /** The first label of the host, where the calls are not to `live`. */
  hostLabel?: string | undefined
  kind: 'calls' | 'callbacks'
}

export const laneName = ({ tenant, function: name, hostLabel, kind }: LaneOf): string => {
  if (hostLabel !== undefined) return `${tenant}.${name}.${kind}.${hostLabel}`
  return kind === 'calls' ? `${tenant}.${name}` : `${tenant}.${name}.callbacks`
}

/** Undefined for what is no lane. */
export const laneOf = (name: string): LaneOf | undefined => {
  const [tenant, fn, kind = 'calls', hostLabel, ...rest] = name.split('.')
  if (!tenant || !fn || rest.length > 0 || (kind !== 'calls' && kind !== 'callbacks')) return undefined
  return { tenant, function: fn, kind, ...(hostLabel !== undefined && { hostLabel }) }
}

/** A job's id. Callers choose call ids, and BullMQ's own keys (`wait`, `meta`, numbers) stand beside the jobs'. */
export const jobIdOf = (callId: string): string => `c.${callId}`
export const callIdOf = (jobId: string): string => jobId.slice(2)
