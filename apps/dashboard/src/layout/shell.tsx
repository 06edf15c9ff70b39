import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { z } from 'zod'
import { callApi } from '../api/call-api.ts'
import { sessionQuery } from '../api/queries.ts'

/** The frame around every page: where one is, who one is, and the way out. */
export const Shell = ({ who }: { who: string }) => (
  <>
    <a href="#page" className="button button-primary absolute left-2 top-2 z-10 -translate-y-20 focus:translate-y-0">
      To the page
    </a>
    <header className="border-b border-line bg-card">
      <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-6 px-4 sm:px-6">
        <Link to="/functions" className="flex items-center gap-2 py-3 font-semibold tracking-tight">
          <img src="/favicon.svg" alt="" className="size-6" />
          Pushfn
        </Link>
        <nav aria-label="Console" className="order-last -mx-1 flex w-full gap-1 sm:order-none sm:w-auto">
          <NavLink to="/functions">Functions</NavLink>
          <NavLink to="/builds">Builds</NavLink>
          <NavLink to="/deliveries">Deliveries</NavLink>
        </nav>
        <div className="ml-auto flex min-w-0 items-center gap-3">
          <span className="truncate text-sm text-muted">{who}</span>
          <SignOut />
        </div>
      </div>
    </header>
    <main id="page" tabIndex={-1} className="mx-auto max-w-6xl px-4 py-6 outline-none sm:px-6 sm:py-8">
      <Outlet />
    </main>
  </>
)

const NavLink = ({ to, children }: { to: '/functions' | '/builds' | '/deliveries'; children: string }) => (
  <Link
    to={to}
    className="border-b-2 px-2 py-3 text-sm font-medium"
    activeProps={{ className: 'border-accent text-text' }}
    inactiveProps={{ className: 'border-transparent text-muted hover:text-text' }}
  >
    {children}
  </Link>
)

const SignOut = () => {
  const client = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: () => callApi(z.undefined(), '/api/v1/session', { method: 'DELETE' }),
    onSuccess: () => {
      client.setQueryData(sessionQuery.queryKey, null)
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] })
    },
  })
  return (
    <button type="button" className="button shrink-0" disabled={isPending} onClick={() => mutate()}>
      Sign out
    </button>
  )
}
