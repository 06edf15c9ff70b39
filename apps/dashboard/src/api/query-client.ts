import { QueryCache, QueryClient } from '@tanstack/react-query'
import { ProblemError } from './call-api.ts'
import { sessionQuery } from './queries.ts'

/** One cache for the page. Any answer that says “nobody” ends the session here too, and shows the sign-in. */
export const createQueryClient = (): QueryClient => {
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: (err) => {
        if (err instanceof ProblemError && err.status === 401) client.setQueryData(sessionQuery.queryKey, null)
      },
    }),
    defaultOptions: {
      queries: {
        retry: (failures, err) =>
          failures < 3 && !(err instanceof ProblemError && err.status >= 400 && err.status < 500),
        staleTime: 2_000,
      },
    },
  })
  return client
}
