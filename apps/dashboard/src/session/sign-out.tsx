import { useMutation, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { callApi } from '../api/call-api.ts'
import { sessionQuery } from '../api/queries.ts'

export const SignOut = () => {
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
