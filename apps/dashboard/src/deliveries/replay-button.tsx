import { DeliveryView } from '@pushfn/model/delivery'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { callApi } from '../api/call-api.ts'
import { deliveriesQuery, tenantPath } from '../api/queries.ts'

/** Applies a delivery again; what came of it then stands in its row. */
export const ReplayButton = ({ tenant, delivery }: { tenant: string; delivery: DeliveryView }) => {
  const client = useQueryClient()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      callApi(DeliveryView, tenantPath(tenant, 'deliveries', delivery.id, 'replay'), { method: 'POST' }),
    onSettled: () => client.invalidateQueries({ queryKey: deliveriesQuery(tenant).queryKey }),
  })
  return (
    <div className="flex flex-wrap items-center gap-3">
      {error && (
        <p role="alert" className="font-medium text-bad first-letter:uppercase">
          {error.message}
        </p>
      )}
      <button
        type="button"
        className="button text-text"
        disabled={isPending}
        aria-label={`Replay ${delivery.event} of ${new Date(delivery.receivedAt).toLocaleString()}`}
        onClick={() => mutate()}
      >
        {isPending ? 'Replaying …' : 'Replay'}
      </button>
    </div>
  )
}
