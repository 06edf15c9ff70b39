import type { Workload, WorkloadSecrets } from '@pushfn/engine/engine'
import { AccessPolicy } from '@pushfn/model/access-policy'
import { type FunctionSpec, ScaleSpec } from '@pushfn/model/function-spec'
import { PROBE_SERVER } from './probe.ts'

/** What a test wants otherwise than usual; `code` is what the test image runs, the probe server by default. */
export type Wanted = Partial<Omit<Workload, 'spec'>> & { spec?: Partial<FunctionSpec>; code?: string }

/** A workload with defaults: the probe server in 128 MiB on half a core. */
export const aWorkload = ({ spec, code = PROBE_SERVER, ...wanted }: Wanted & { image: string }): Workload => ({
  tenant: 'alice',
  function: 'hello',
  alias: 'live',
  revision: 'r1',
  build: 'b1',
  generation: '7',
  ...wanted,
  spec: {
    secrets: [],
    sealed: {},
    labels: {},
    annotations: {},
    memoryMiB: 128,
    cpuMillis: 500,
    processes: 40,
    isRootReadOnly: true,
    scale: ScaleSpec.parse({ min: 1, max: 1 }),
    health: { path: '/', initialDelayMs: 0 },
    timeouts: { responseMs: 10_000, idleMs: 10_000, answerMs: null },
    access: AccessPolicy.parse({}),
    schedule: null,
    ...spec,
    environment: { CODE: code, ...spec?.environment },
  },
})

/** One secret, `password`, as a workload has it. */
export const someSecrets = (key: string, value: string): WorkloadSecrets => ({
  key,
  read: async () => new Map([['password', Buffer.from(value)]]),
})
