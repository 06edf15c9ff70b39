import { durationText } from '../parts/durations.ts'
import { OutsideLink } from '../parts/outside-link.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import type { FunctionProgress } from './build-progress.ts'

/** What became of each function of the stack. */
export const BuildFunctions = ({ functions }: { functions: readonly FunctionProgress[] }) => {
  if (functions.length === 0) return null
  return (
    <section aria-labelledby="functions">
      <h2 id="functions" className="mb-2">
        Functions
      </h2>
      <ul className="card divide-y divide-line">
        {functions.map((fn) => (
          <li key={fn.name} className="flex items-start justify-between gap-3 px-4 py-3 sm:px-5">
            <div className="min-w-0">
              <h3 className="font-medium wrap-anywhere">{fn.name}</h3>
              {fn.url && (
                <p className="wrap-anywhere font-mono text-[0.8125rem]">
                  <OutsideLink href={fn.url}>{fn.url}</OutsideLink>
                </p>
              )}
              {fn.reason && <p className="text-sm whitespace-pre-wrap wrap-anywhere">{fn.reason}</p>}
            </div>
            <div className="flex shrink-0 flex-col items-end gap-1">
              <StateBadge state={fn.status} />
              {fn.ms !== undefined && <span className="text-xs tabular-nums text-muted">{durationText(fn.ms)}</span>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
