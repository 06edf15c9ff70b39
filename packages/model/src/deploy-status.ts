import { z } from 'zod'

/** A status on a commit, as every forge knows it in some form. */
export const CommitState = z.enum(['pending', 'success', 'failure', 'error'])
export type CommitState = z.infer<typeof CommitState>

export const CommitStatus = z.object({
  /** `stack-deploy` for the stack, the function's name for a function. */
  context: z.string(),
  state: CommitState,
  /** One line; forges cut it (GitHub: 140 characters). */
  description: z.string(),
  targetUrl: z.string().optional(),
})
export type CommitStatus = z.infer<typeof CommitStatus>

/** The context of the whole stack's status, as OpenFaaS Cloud named it. */
export const STACK_CONTEXT = 'stack-deploy'

/** How the reason of a function begins that was ready, but was not deployed because another of its stack was not. */
export const NOT_DEPLOYED = 'was not deployed'

/** Under a name of its own what is said of another place than production is not taken for it, by people or by rules for branches. */
export const statusContext = (context: string, place: string | undefined): string =>
  place === undefined ? context : `${place}/${context}`

/** What `statusContext` was made of: no function's name has a slash. */
export const contextName = (context: string): string => context.slice(context.lastIndexOf('/') + 1)
