import type { FunctionView } from '@pushfn/model/api'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Age } from '../parts/age.tsx'
import { OutsideLink } from '../parts/outside-link.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Schedule } from './schedule.tsx'

/** A function: what it is called, where it answers, what runs, since when. A row on a screen, a card on a phone. */
export const FunctionRow = ({ fn }: { fn: FunctionView }) => (
  <li className="grid gap-x-6 gap-y-2 px-4 py-4 sm:px-5 md:grid-cols-[minmax(0,1fr)_7rem_minmax(0,21rem)] md:items-center">
    <div className="flex min-w-0 items-start justify-between gap-3 md:contents">
      <div className="min-w-0">
        <h2 className="wrap-anywhere">{fn.name}</h2>
        <p className="wrap-anywhere font-mono text-[0.8125rem]">
          <OutsideLink href={fn.url}>{fn.url}</OutsideLink>
        </p>
      </div>
      <div className="shrink-0">
        <StateBadge state={fn.state} />
      </div>
    </div>
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-[0.8125rem]">
      <Fact name="Commit">
        {fn.sha && fn.buildId ? <CommitLink sha={fn.sha} buildId={fn.buildId} repository={fn.repository} /> : '–'}
      </Fact>
      <Fact name="Replicas">{fn.replicas ?? 'unknown'}</Fact>
      <Fact name="Live">{fn.liveSince ? <Age of={fn.liveSince} /> : '–'}</Fact>
      {fn.schedule && (
        <Fact name="Schedule">
          <Schedule of={fn.schedule} />
        </Fact>
      )}
      <Fact name="Image">
        <span className="block truncate font-mono" title={fn.image ?? undefined}>
          {fn.image?.split('/').at(-1) ?? '–'}
        </span>
      </Fact>
    </dl>
  </li>
)

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt className="text-muted">{name}</dt>
    <dd className="min-w-0">{children}</dd>
  </>
)

const CommitLink = ({ sha, buildId, repository }: { sha: string; buildId: string; repository: string }) => (
  <span className="wrap-anywhere">
    <Link to="/builds/$id" params={{ id: buildId }} className="link font-mono">
      {sha.slice(0, 8)}
    </Link>
    {` of ${repository}`}
  </span>
)
