import { z } from 'zod'

/** When a canary is worse than what is live. What is not said is as below. */
export const CanaryRules = z.strictObject({
  /** By so much its part of failed calls may be above that of live: 0.01 is one call in a hundred. */
  maxErrorDifference: z.number().min(0).max(1).default(0.01),
  /** The time within which 95 of 100 answers begin may be that many times what it is at live, */
  maxP95Ratio: z.number().min(1).max(100).default(1.5),
  /** and is no matter while it is longer by less than this. */
  slowerByMs: z.number().min(0).max(600_000).default(50),
  /** With fewer calls on either side nothing is said. */
  leastCalls: z.number().int().min(10).max(1_000_000).default(50),
  /** Only calls of the last minutes count. */
  windowMinutes: z.number().min(0.05).max(1_440).default(10),
})
export type CanaryRules = z.infer<typeof CanaryRules>

/** Percent of the calls of live; all of them is the promotion. */
export const CanaryWeight = z.number().int().min(1).max(99)

/** A part of the calls, and for how long at least. */
export const CanaryStep = z.strictObject({ weight: CanaryWeight, minutes: z.number().min(0.01).max(10_080) })
export type CanaryStep = z.infer<typeof CanaryStep>

/** Each step takes more than the one before; after the last one the canary goes live. */
export const CanarySteps = z
  .array(CanaryStep)
  .min(1)
  .max(20)
  .refine((steps) => steps.every((step, n) => n === 0 || step.weight > (steps[n - 1]?.weight ?? 0)), {
    error: 'each step has a greater weight than the one before',
  })
export type CanarySteps = z.infer<typeof CanarySteps>
