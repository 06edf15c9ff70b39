import { SessionView } from '@pushfn/model/api'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { callApi } from '../api/call-api.ts'
import { sessionQuery } from '../api/queries.ts'

/** Where a login link leads. It signs in by a click: what only looks at links, as chats do, must not use it up. */
export const LinkSignIn = () => {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [code] = useState(() => location.hash.slice(1))
  // Neither the history nor a screenshot keeps it.
  useEffect(() => history.replaceState(history.state, '', location.pathname), [])
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => callApi(SessionView, '/api/v1/session', { method: 'POST', body: { code } }),
    onSuccess: (session) => {
      client.clear()
      client.setQueryData(sessionQuery.queryKey, session)
      void navigate({ to: '/functions', replace: true })
    },
  })
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-4 px-4 py-12">
      <title>Sign in · Pushfn</title>
      <img src="/favicon.svg" alt="" className="size-10" />
      <h1>Sign in to Pushfn</h1>
      {code ? (
        <button type="button" className="button button-primary" disabled={isPending} onClick={() => mutate()}>
          {isPending ? 'Signing in …' : 'Sign in with this link'}
        </button>
      ) : (
        <p className="text-sm text-muted">This link lost its code on its way.</p>
      )}
      {error && (
        <p role="alert" className="text-sm font-medium text-bad first-letter:uppercase">
          {error.message}
        </p>
      )}
      <p className="text-sm text-muted">
        It works once. Or{' '}
        <Link to="/functions" className="underline">
          sign in otherwise
        </Link>
        .
      </p>
    </main>
  )
}
