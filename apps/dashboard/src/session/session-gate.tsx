import type { AccessView, SessionView } from '@pushfn/model/api'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { sessionQuery } from '../api/queries.ts'
import { Shell } from '../layout/shell.tsx'
import { Failed, Loading } from '../parts/notice.tsx'
import { AccessContext } from './current-tenant.ts'
import { NoTenant } from './no-tenant.tsx'
import { SignIn } from './sign-in.tsx'

/** The console for who is signed in, at the same address the sign-in for who is not: a link still leads where it says. */
export const SessionGate = () => {
  const session = useQuery(sessionQuery)
  const [chosen, choose] = useState(() => localStorage.getItem(CHOSEN))
  if (!session.isSuccess) {
    return (
      <main className="mx-auto max-w-md px-4 py-24">
        {session.isError ? (
          <Failed err={session.error} onRetry={() => void session.refetch()} />
        ) : (
          <Loading what="the console" />
        )}
      </main>
    )
  }
  if (!session.data || session.data.kind === 'operator') return <SignIn />
  const tenants = tenantsOf(session.data)
  const current = tenants.find(({ tenant }) => tenant === chosen) ?? tenants[0]
  if (!current) return <NoTenant who={session.data.login} />
  const onChoose = (tenant: string) => {
    localStorage.setItem(CHOSEN, tenant)
    choose(tenant)
  }
  return (
    <AccessContext value={current}>
      <Shell tenants={tenants.map(({ tenant }) => tenant)} current={current.tenant} onChoose={onChoose} />
    </AccessContext>
  )
}

const CHOSEN = 'tenant'

const tenantsOf = (session: Exclude<SessionView, { kind: 'operator' }>): readonly AccessView[] =>
  session.kind === 'tenant' ? [session] : session.tenants
