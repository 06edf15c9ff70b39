import type { BuildView } from '@pushfn/model/api'
import { Link } from '@tanstack/react-router'
import { Age } from '../parts/age.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { CommitFacts } from './commit-facts.tsx'
import { firstLine } from './commit-text.ts'
import { Took } from './took.tsx'

/** A build in the list; the whole row leads to its page. */
export const BuildRow = ({ build }: { build: BuildView }) => (
  <li className="relative px-4 py-3 hover:bg-sunken sm:px-5">
    <div className="flex items-start justify-between gap-3">
      <h2 className="min-w-0 font-medium wrap-anywhere">
        <Link to="/builds/$id" params={{ id: build.id }} className="after:absolute after:inset-0 hover:underline">
          {firstLine(build.message)}
        </Link>
      </h2>
      <div className="shrink-0">
        <StateBadge state={build.state} />
      </div>
    </div>
    <div className="mt-1 flex flex-wrap gap-x-3 text-[0.8125rem] text-muted">
      <CommitFacts build={build} />
      <Age of={build.createdAt} />
      <Took build={build} />
    </div>
  </li>
)
