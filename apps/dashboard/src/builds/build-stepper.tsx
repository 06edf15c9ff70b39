import type { BuildView } from '@pushfn/model/api'
import { type BuildState, isTerminal } from '@pushfn/model/build-state'
import { durationText } from '../parts/durations.ts'
import { useNow } from '../parts/now.ts'
import { type Stage, stagesOf } from './stages.ts'

/** How far the build is or came, and how long each stage took. */
export const BuildStepper = (props: {
  build: BuildView
  state: BuildState
  since: Readonly<Partial<Record<BuildState, number>>>
}) => {
  const now = useNow(100, !isTerminal(props.state))
  const stages = stagesOf(props.build, props.state, props.since, now)
  return (
    <ol aria-label="Stages" className="card flex flex-col gap-y-3 px-4 py-4 sm:flex-row sm:px-5">
      {stages.map((stage, n) => (
        <Step key={stage.name} stage={stage} state={props.state} isLast={n === stages.length - 1} />
      ))}
    </ol>
  )
}

interface Mark {
  look: string
  sign: string
  /** For who does not see the sign. */
  says: string
}

const markOf = (status: Stage['status'], state: BuildState): Mark => {
  switch (status) {
    case 'done':
      return { look: 'border-transparent bg-good-soft text-good', sign: '✓', says: 'done' }
    case 'current':
      return { look: 'border-accent bg-accent-soft text-accent', sign: '●', says: 'under way' }
    case 'cut':
      return state === 'failed'
        ? { look: 'border-transparent bg-bad-soft text-bad', sign: '✕', says: 'failed here' }
        : { look: 'border-transparent bg-quiet-soft text-quiet', sign: '■', says: `${state} here` }
    case 'ahead':
      return { look: 'border-line text-muted', sign: '', says: isTerminal(state) ? 'not reached' : 'not yet' }
  }
}

const Step = ({ stage, state, isLast }: { stage: Stage; state: BuildState; isLast: boolean }) => {
  const mark = markOf(stage.status, state)
  return (
    <li
      aria-current={stage.status === 'current' ? 'step' : undefined}
      className={`flex items-center gap-3 ${isLast ? '' : 'sm:flex-1'}`}
    >
      <span
        aria-hidden
        className={`flex size-7 shrink-0 items-center justify-center rounded-full border text-xs font-bold ${mark.look}`}
      >
        <span className={stage.status === 'current' ? 'motion-safe:animate-pulse' : ''}>{mark.sign}</span>
      </span>
      <span className="flex items-baseline gap-2 sm:block">
        <span className={`block text-sm font-medium ${stage.status === 'ahead' ? 'text-muted' : ''}`}>
          {stage.name}
          <span className="sr-only">, {mark.says}</span>
        </span>
        {stage.name !== 'live' && (
          <span className="block text-xs tabular-nums text-muted">
            {stage.ms === undefined ? '–' : durationText(stage.ms)}
          </span>
        )}
      </span>
      {!isLast && <span aria-hidden className="mr-3 hidden h-px min-w-4 flex-1 bg-line sm:block" />}
    </li>
  )
}
