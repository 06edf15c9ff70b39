import type { BuildView } from '@pushfn/model/api'
import { isTerminal } from '@pushfn/model/build-state'
import { useQuery } from '@tanstack/react-query'
import { buildQuery } from '../api/queries.ts'
import { Age } from '../parts/age.tsx'
import { Failed, Loading } from '../parts/notice.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { BuildEnding } from './build-ending.tsx'
import { BuildFunctions } from './build-functions.tsx'
import { BuildLog } from './build-log.tsx'
import { BuildStepper } from './build-stepper.tsx'
import { CommitFacts } from './commit-facts.tsx'
import { firstLine } from './commit-text.ts'
import { Took } from './took.tsx'
import { useBuildProgress } from './use-build-progress.ts'

/** One build, live while it runs: how far it is, what became of its functions, why it failed, what it said. */
export const BuildPage = ({ id }: { id: string }) => {
  const { data, error, refetch } = useQuery(buildQuery(id))
  if (data) return <Build build={data} />
  return error ? <Failed err={error} onRetry={() => void refetch()} /> : <Loading what="the build" />
}

const Build = ({ build }: { build: BuildView }) => {
  const { progress, connection } = useBuildProgress(build.tenant, build.id)
  // The stream is quicker than the row; a row that ended knows better.
  const state = isTerminal(build.state) ? build.state : (progress.state ?? build.state)
  return (
    <div className="space-y-5">
      <title>{`${state} · ${firstLine(build.message)} · Pushfn`}</title>
      <header>
        <div className="flex items-start justify-between gap-3">
          <h1 className="min-w-0 wrap-anywhere">{firstLine(build.message)}</h1>
          <div className="shrink-0 pt-0.5" role="status">
            <StateBadge state={state} />
          </div>
        </div>
        <p className="mt-1 flex flex-wrap gap-x-3 text-[0.8125rem] text-muted">
          <CommitFacts build={build} />
          <Age of={build.createdAt} />
          <Took build={build} />
        </p>
      </header>
      <BuildStepper build={build} state={state} since={progress.since} />
      <BuildEnding state={state} failure={build.failure} reason={progress.reason} />
      <BuildFunctions functions={progress.functions} />
      <BuildLog build={build} chunks={progress.chunks} connection={connection} />
    </div>
  )
}
