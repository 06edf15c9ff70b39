import type { BuildFailure, BuildState } from '@pushfn/model/build-state'
import { type Place, placeText } from '@pushfn/model/errors'

/** Why a build ended without getting live: what is wrong, at which places, and how to mend it. */
export const BuildEnding = ({
  state,
  failure,
  reason,
}: {
  state: BuildState
  failure: BuildFailure | null
  reason: string | undefined
}) => {
  const hint = failure?.hint ?? reason
  if (state === 'superseded' || state === 'cancelled' || state === 'skipped') {
    return hint ? <p className="card px-4 py-3 text-sm wrap-anywhere sm:px-5">{hint}</p> : null
  }
  if (state !== 'failed') return null
  return (
    <section aria-labelledby="why" className="card border-bad bg-bad-soft px-4 py-4 sm:px-5">
      <h2 id="why" className="text-bad">
        {failure?.function ? `${failure.function} failed` : 'The build failed'}
      </h2>
      <p className="mt-1 whitespace-pre-wrap wrap-anywhere">{hint ?? 'The log below says more.'}</p>
      {failure && failure.faults.length > 0 && <Faults faults={failure.faults} />}
      <p className="mt-3 text-sm">The version before, if there is one, keeps serving.</p>
    </section>
  )
}

const Faults = ({ faults }: { faults: BuildFailure['faults'] }) => (
  <ul className="mt-3 space-y-2">
    {faults.map((fault, n) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: faults never change, and two can be alike
      <li key={n} className="rounded-lg border border-line bg-card px-3 py-2 text-sm">
        {fault.place && (
          <code className="block font-mono text-[0.8125rem] font-semibold wrap-anywhere">
            {placeText(placeOf(fault.place, fault.message))}
          </code>
        )}
        <span className="whitespace-pre-wrap wrap-anywhere">{fault.message}</span>
      </li>
    ))}
  </ul>
)

/** The place, without the key where the message begins with it. */
const placeOf = ({ key, ...position }: Place, message: string): Place =>
  key === undefined || message.startsWith(key) ? position : { ...position, key }
