import { SessionView } from '@pushfn/model/api'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { callApi } from '../api/call-api.ts'
import { sessionQuery } from '../api/queries.ts'

export const SignIn = () => {
  const client = useQueryClient()
  const [token, setToken] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => callApi(SessionView, '/api/v1/session', { method: 'POST', body: { token } }),
    onSuccess: (session) => client.setQueryData(sessionQuery.queryKey, session),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate()
  }
  const ids = { field: useId(), help: useId(), error: useId() }
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center px-4 py-12">
      <title>Sign in · Pushfn</title>
      <img src="/favicon.svg" alt="" className="mb-4 size-10" />
      <h1>Sign in to Pushfn</h1>
      <form className="card mt-5 space-y-4 p-5" onSubmit={submit}>
        <div>
          <label htmlFor={ids.field} className="text-sm font-medium">
            API token
          </label>
          <input
            id={ids.field}
            type="password"
            required
            autoComplete="current-password"
            spellCheck={false}
            placeholder="pf_…"
            value={token}
            onChange={(event) => setToken(event.target.value)}
            aria-describedby={error ? `${ids.error} ${ids.help}` : ids.help}
            aria-invalid={error !== null}
            className="mt-1 block min-h-10 w-full rounded-lg border border-edge bg-page px-3 font-mono text-sm placeholder:text-muted"
          />
          {error && (
            <p id={ids.error} role="alert" className="mt-2 text-sm font-medium text-bad first-letter:uppercase">
              {error.message}
            </p>
          )}
        </div>
        <button type="submit" className="button button-primary w-full" disabled={isPending}>
          {isPending ? 'Signing in …' : 'Sign in'}
        </button>
        <p id={ids.help} className="text-sm text-muted">
          The token that you push with: the cloud’s operators give you one.
        </p>
      </form>
    </main>
  )
}
