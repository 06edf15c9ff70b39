import { BuildPage, BuildView, FunctionList, SessionView } from '@pushfn/model/api'
import { isTerminal } from '@pushfn/model/build-state'
import { DeliveryPage } from '@pushfn/model/delivery'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { callApi, ProblemError } from './call-api.ts'

/** What the pages ask for, and how often they ask again. */
const LIST_REFRESH_MS = 5_000
const BUILD_REFRESH_MS = 2_000

export const tenantPath = (tenant: string, ...rest: string[]): string =>
  ['/api/v1/tenants', tenant, ...rest].map((part, n) => (n === 0 ? part : encodeURIComponent(part))).join('/')

/** Who is signed in; null for nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<SessionView | null> => {
    try {
      return await callApi(SessionView, '/api/v1/session', { signal })
    } catch (err) {
      if (err instanceof ProblemError && err.status === 401) return null
      throw err
    }
  },
  staleTime: 60_000,
})

export const functionsQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['functions', tenant],
    queryFn: ({ signal }) => callApi(FunctionList, tenantPath(tenant, 'functions'), { signal }),
    refetchInterval: LIST_REFRESH_MS,
  })

export const buildsQuery = (tenant: string) =>
  infiniteQueryOptions({
    queryKey: ['builds', tenant],
    queryFn: ({ pageParam, signal }) => {
      const query = pageParam ? `?before=${encodeURIComponent(pageParam)}` : ''
      return callApi(BuildPage, `${tenantPath(tenant, 'builds')}${query}`, { signal })
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: LIST_REFRESH_MS,
  })

export const deliveriesQuery = (tenant: string) =>
  infiniteQueryOptions({
    queryKey: ['deliveries', tenant],
    queryFn: ({ pageParam, signal }) => {
      const query = pageParam ? `?before=${encodeURIComponent(pageParam)}` : ''
      return callApi(DeliveryPage, `${tenantPath(tenant, 'deliveries')}${query}`, { signal })
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: LIST_REFRESH_MS,
  })

export const buildQuery = (id: string) =>
  queryOptions({
    queryKey: ['build', id],
    queryFn: ({ signal }) => callApi(BuildView, `/api/v1/builds/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data && isTerminal(state.data.state) ? false : BUILD_REFRESH_MS),
  })
