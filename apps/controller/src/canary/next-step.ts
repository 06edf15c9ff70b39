import type { CanarySteps } from '@pushfn/model/canary-rules'

/** Where a canary goes that is as good as live and has had its weight for so long. */
export const nextStep = (
  steps: CanarySteps,
  now: { weight: number; forMs: number },
): 'stay' | 'promote' | { weight: number } => {
  const step = steps.find(({ weight }) => weight === now.weight)
  if (step && now.forMs < step.minutes * 60_000) return 'stay'
  return steps.find(({ weight }) => weight > now.weight) ?? 'promote'
}
