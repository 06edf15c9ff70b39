import { useInfiniteQuery } from '@tanstack/react-query'
import { deliveriesQuery } from '../api/queries.ts'
import { Empty, Failed, Loading } from '../parts/notice.tsx'
import { useTenant } from '../session/current-tenant.ts'
import { DeliveryRow } from './delivery-row.tsx'

/** The ledger: what the forge told of, and what became of it. */
export const DeliveriesPage = () => {
  const tenant = useTenant()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    deliveriesQuery(tenant),
  )
  const deliveries = data?.pages.flatMap((page) => page.items)
  return (
    <>
      <title>Deliveries · Pushfn</title>
      <h1 className="mb-4">Deliveries</h1>
      {deliveries && error && <Failed err={error} />}
      {deliveries && deliveries.length === 0 && <NoDeliveries />}
      {deliveries && deliveries.length > 0 && (
        <ul className="card divide-y divide-line">
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.id} tenant={tenant} delivery={delivery} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <button
          type="button"
          className="button mt-4"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {isFetchingNextPage ? 'Loading …' : 'Older deliveries'}
        </button>
      )}
      {!deliveries && (error ? <Failed err={error} onRetry={() => void refetch()} /> : <Loading what="deliveries" />)}
    </>
  )
}

const NoDeliveries = () => (
  <Empty title="No deliveries yet">
    <p>
      Here stands every webhook that came for you: what became of it, and why. What you push to this cloud’s own Git
      server comes by no webhook; it stands among the builds.
    </p>
  </Empty>
)
