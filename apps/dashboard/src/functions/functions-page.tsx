import { useQuery } from '@tanstack/react-query'
import { functionsQuery } from '../api/queries.ts'
import { Failed, Loading } from '../parts/notice.tsx'
import { useTenant } from '../session/current-tenant.ts'
import { FirstPush } from './first-push.tsx'
import { FunctionRow } from './function-row.tsx'

export const FunctionsPage = () => {
  const tenant = useTenant()
  const { data, error, refetch } = useQuery(functionsQuery(tenant))
  return (
    <>
      <title>Functions · Pushfn</title>
      <h1 className="mb-4">Functions</h1>
      {data && error && <Failed err={error} />}
      {data && data.items.length === 0 && <FirstPush tenant={tenant} />}
      {data && data.items.length > 0 && (
        <ul className="card divide-y divide-line">
          {data.items.map((fn) => (
            <FunctionRow key={fn.name} fn={fn} />
          ))}
        </ul>
      )}
      {!data && (error ? <Failed err={error} onRetry={() => void refetch()} /> : <Loading what="functions" />)}
    </>
  )
}
