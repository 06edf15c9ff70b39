import { z } from 'zod'
import { BuildState, StepName } from './build-state.ts'

/**
 * What a build tells while it runs: one stream that the pusher's terminal, the dashboard, the CLI and the stored log all
 * read. `id` is `<attempt>-<n>`; it only grows, so that a reader that saw the history and then the live stream can drop
 * what it saw twice. `at` is milliseconds since the epoch.
 */
const common = { id: z.string().regex(/^\d+-\d+$/), at: z.number().int() }

export const BuildEvent = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('state'), state: BuildState, reason: z.string().optional() }),
  z.object({
    ...common,
    kind: z.literal('step'),
    step: StepName,
    status: z.enum(['started', 'finished', 'failed']),
    ms: z.number().nonnegative().optional(),
  }),
  z.object({
    ...common,
    kind: z.literal('function'),
    function: z.string(),
    /** `reused` without a URL: its image is there already; with one: it is live already, and goes on as it is. */
    status: z.enum(['building', 'built', 'reused', 'deploying', 'live', 'failed', 'removed', 'pinned', 'staged']),
    url: z.string().optional(),
    ms: z.number().nonnegative().optional(),
    reason: z.string().optional(),
  }),
  z.object({
    ...common,
    kind: z.literal('log'),
    function: z.string().optional(),
    text: z.string(),
    level: z.enum(['info', 'warning', 'error']).default('info'),
  }),
])
export type BuildEvent = z.infer<typeof BuildEvent>

/** A build event before the stream gave it its id and time. */
export type BuildEventInput = BuildEvent extends infer Event
  ? Event extends BuildEvent
    ? Omit<Event, 'id' | 'at'>
    : never
  : never
