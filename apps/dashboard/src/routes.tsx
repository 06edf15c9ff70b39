import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { BuildPage } from './builds/build-page.tsx'
import { BuildsPage } from './builds/builds-page.tsx'
import { CopyPage } from './copies/copy-page.tsx'
import { DeliveriesPage } from './deliveries/deliveries-page.tsx'
import { FunctionsPage } from './functions/functions-page.tsx'
import { NotFound } from './layout/not-found.tsx'
import { LinkSignIn } from './session/link-sign-in.tsx'
import { SessionGate } from './session/session-gate.tsx'

/** The console's addresses. Every one of them, once signed in, shows what its link says. */
const root = createRootRoute({ notFoundComponent: NotFound })

const login = createRoute({ getParentRoute: () => root, path: '/login', component: LinkSignIn })

const gate = createRoute({ getParentRoute: () => root, id: 'console', component: SessionGate })

const home = createRoute({
  getParentRoute: () => gate,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/functions', replace: true })
  },
})

const functions = createRoute({ getParentRoute: () => gate, path: '/functions', component: FunctionsPage })

const builds = createRoute({ getParentRoute: () => gate, path: '/builds', component: BuildsPage })

const build = createRoute({
  getParentRoute: () => gate,
  path: '/builds/$id',
  component: function BuildRoute() {
    const { id } = build.useParams()
    // Another build is another page: nothing of the former one stays.
    return <BuildPage key={id} id={id} />
  },
})

const deliveries = createRoute({ getParentRoute: () => gate, path: '/deliveries', component: DeliveriesPage })

const copy = createRoute({
  getParentRoute: () => gate,
  path: '/new',
  // A link of somebody's README: whatever it says.
  validateSearch: (search) => ({ template: typeof search.template === 'string' ? search.template.slice(0, 500) : '' }),
  component: function CopyRoute() {
    return <CopyPage template={copy.useSearch().template} />
  },
})

export const createConsoleRouter = () =>
  createRouter({
    routeTree: root.addChildren([login, gate.addChildren([home, functions, builds, build, deliveries, copy])]),
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
