import { Link, Outlet } from '@tanstack/react-router'
import { SignOut } from '../session/sign-out.tsx'

interface Who {
  tenants: readonly string[]
  current: string
  onChoose: (tenant: string) => void
}

/** The frame around every page: where one is, who one is, and the way out. */
export const Shell = (who: Who) => (
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
          <CurrentTenant {...who} />
          <SignOut />
        </div>
      </div>
    </header>
    <main id="page" tabIndex={-1} className="mx-auto max-w-6xl px-4 py-6 outline-none sm:px-6 sm:py-8">
      <Outlet />
    </main>
  </>
)

/** With one tenant there is nothing to choose. */
const CurrentTenant = ({ tenants, current, onChoose }: Who) =>
  tenants.length === 1 ? (
    <span className="truncate text-sm text-muted">{current}</span>
  ) : (
    <select
      aria-label="Tenant"
      value={current}
      onChange={(event) => onChoose(event.target.value)}
      className="min-h-9 min-w-0 truncate rounded-lg border border-edge bg-page px-2 text-sm"
    >
      {tenants.map((tenant) => (
        <option key={tenant}>{tenant}</option>
      ))}
    </select>
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
