import { z } from 'zod'

/** The states of a build, in the order of a successful run. */
export const BuildState = z.enum([
  'queued',
  'checkout',
  'building',
  'deploying',
  'live',
  'failed',
  'superseded',
  'cancelled',
  'skipped',
])
export type BuildState = z.infer<typeof BuildState>

export const TERMINAL_STATES = ['live', 'failed', 'superseded', 'cancelled', 'skipped'] as const satisfies BuildState[]

export const isTerminal = (state: BuildState): boolean => TERMINAL_STATES.some((terminal) => terminal === state)

/** The pipeline's steps, in order. */
export const StepName = z.enum(['checkout', 'readStack', 'plan', 'build', 'release', 'report'])
export type StepName = z.infer<typeof StepName>

/** Why a build ended as it did, as tenants see it. */
export const BuildFailure = z.object({
  code: z.string(),
  hint: z.string(),
  function: z.string().optional(),
  faults: z
    .array(
      z.object({
        message: z.string(),
        place: z
          .object({
            file: z.string(),
            line: z.number().int().positive().optional(),
            column: z.number().int().positive().optional(),
            key: z.string().optional(),
          })
          .optional(),
      }),
    )
    .default([]),
})
export type BuildFailure = z.infer<typeof BuildFailure>
