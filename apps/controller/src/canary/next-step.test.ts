import { expect, test } from 'vitest'
import { nextStep } from './next-step.ts'

const steps = [
  { weight: 5, minutes: 10 },
  { weight: 25, minutes: 1 },
]

test('a step takes its time, the next one has more calls, and after the last it goes live', () => {
  expect(nextStep(steps, { weight: 5, forMs: 599_999 })).toBe('stay')
  expect(nextStep(steps, { weight: 5, forMs: 600_000 })).toEqual({ weight: 25, minutes: 1 })
  expect(nextStep(steps, { weight: 25, forMs: 59_000 })).toBe('stay')
  expect(nextStep(steps, { weight: 25, forMs: 60_000 })).toBe('promote')
})
