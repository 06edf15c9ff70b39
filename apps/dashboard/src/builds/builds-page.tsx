import { useInfiniteQuery } from '@tanstack/react-query'
import { buildsQuery } from '../api/queries.ts'
import { FirstPush } from '../functions/first-push.tsx'
import { Failed, Loading } from '../parts/notice.tsx'
import { useTenant } from '../session/current-tenant.ts'
import { BuildRow } from './build-row.tsx'

export const BuildsPage = () => {
  const tenant = useTenant()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(buildsQuery(tenant))
  const builds = data?.pages.flatMap((page) => page.items)
  return (
    <>
      <title>Builds · Pushfn</title>
      <h1 className="mb-4">Builds</h1>
      {builds && error && <Failed err={error} />}
      {builds && builds.length === 0 && <FirstPush tenant={tenant} />}
      {builds && builds.length > 0 && (
        <ul className="card divide-y divide-line">
          {builds.map((build) => (
            <BuildRow key={build.id} build={build} />
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
          {isFetchingNextPage ? 'Loading …' : 'Older builds'}
        </button>
      )}
      {!builds && (error ? <Failed err={error} onRetry={() => void refetch()} /> : <Loading what="builds" />)}
    </>
  )
}
