import type { DeliveryView } from '@pushfn/model/delivery'
import { Link } from '@tanstack/react-router'
import { branchOf } from '../builds/commit-text.ts'
import { Age } from '../parts/age.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { ReplayButton } from './replay-button.tsx'

/** One webhook: what it told, what became of it, why nothing did, and the builds that it brought. */
export const DeliveryRow = ({ tenant, delivery }: { tenant: string; delivery: DeliveryView }) => (
  <li className="px-4 py-3 sm:px-5">
    <div className="flex items-start justify-between gap-3">
      <h2 className="min-w-0 font-medium wrap-anywhere">
        {[delivery.event, delivery.action].filter(Boolean).join(' ')}
        {delivery.repository && <span className="font-normal text-muted"> of {delivery.repository}</span>}
      </h2>
      <div className="shrink-0">
        <StateBadge state={delivery.outcome} />
      </div>
    </div>
    {delivery.reason && <p className="mt-1 text-sm wrap-anywhere">{delivery.reason}</p>}
    {delivery.builds.map((build) => (
      <p key={build.id} className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <span className="wrap-anywhere">
          <Link to="/builds/$id" params={{ id: build.id }} className="link font-mono">
            {build.sha.slice(0, 8)}
          </Link>
          {` on ${branchOf(build.ref)}`}
        </span>
        <StateBadge state={build.state} />
      </p>
    ))}
    {delivery.replay && (
      <p className="mt-1 text-sm wrap-anywhere">
        Replayed <Age of={delivery.replay.at} />: {delivery.replay.outcome}
        {delivery.replay.reason && `, ${delivery.replay.reason}`}
      </p>
    )}
    <div className="mt-2 flex flex-wrap items-center justify-between gap-x-3 gap-y-2 text-[0.8125rem] text-muted">
      <p className="min-w-0">
        <Age of={delivery.receivedAt} /> <span className="font-mono wrap-anywhere">{delivery.deliveryId}</span>
      </p>
      {delivery.isReplayable && <ReplayButton tenant={tenant} delivery={delivery} />}
    </div>
  </li>
)
