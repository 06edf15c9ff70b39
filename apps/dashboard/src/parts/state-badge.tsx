import type { FunctionView } from '@pushfn/model/api'
import type { BuildEvent } from '@pushfn/model/build-event'
import type { BuildState } from '@pushfn/model/build-state'
import type { DeliveryView } from '@pushfn/model/delivery'

type FunctionStatus = Extract<BuildEvent, { kind: 'function' }>['status']
export type AnyState = BuildState | FunctionView['state'] | FunctionStatus | DeliveryView['outcome']

/** What a state means to whoever looks at it. */
export type Tone = 'good' | 'bad' | 'busy' | 'quiet'

const TONES: Readonly<Record<AnyState, Tone>> = {
  live: 'good',
  built: 'good',
  staged: 'quiet',
  accepted: 'good',
  failed: 'bad',
  down: 'bad',
  checkout: 'busy',
  building: 'busy',
  deploying: 'busy',
  asleep: 'quiet',
  ignored: 'quiet',
  queued: 'quiet',
  reused: 'quiet',
  pinned: 'quiet',
  removed: 'quiet',
  superseded: 'quiet',
  cancelled: 'quiet',
  skipped: 'quiet',
}

const LOOKS: Readonly<Record<Tone, string>> = {
  good: 'bg-good-soft text-good',
  bad: 'bg-bad-soft text-bad',
  busy: 'bg-accent-soft text-accent',
  quiet: 'bg-quiet-soft text-quiet',
}

export const StateBadge = ({ state }: { state: AnyState }) => (
  <span
    className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-[0.8125rem] font-medium ${LOOKS[TONES[state]]}`}
  >
    <span
      aria-hidden
      className={`size-1.5 rounded-full bg-current ${TONES[state] === 'busy' ? 'motion-safe:animate-pulse' : ''}`}
    />
    {state}
  </span>
)
