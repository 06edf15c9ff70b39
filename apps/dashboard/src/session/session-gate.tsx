import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '../api/queries.ts'
import { Shell } from '../layout/shell.tsx'
import { Failed, Loading } from '../parts/notice.tsx'
import { TenantContext } from './current-tenant.ts'
import { SignIn } from './sign-in.tsx'

/** The console for who is signed in, at the same address the sign-in for who is not: a link still leads where it says. */
export const SessionGate = () => {
  const session = useQuery(sessionQuery)
  if (session.data?.kind === 'tenant') {
    return (
      <TenantContext value={session.data.tenant}>
        <Shell who={session.data.tenant} />
      </TenantContext>
    )
  }
  if (session.isSuccess) return <SignIn />
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
