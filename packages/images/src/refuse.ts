import { AppError, type ErrorCode, type Fault, faultText, type Place } from '@pushfn/model/errors'
import type { BuildableFunction } from './stack-function.ts'

/** An error about something a tenant wrote: the hint is the fault with its place, and the fault is there to annotate. */
export const refuse = (code: ErrorCode, fn: Pick<BuildableFunction, 'name'>, message: string, place: Place): AppError =>
  refuseFaults(code, fn, [{ message, place }])

/** As `refuse`, for several things at once. */
export const refuseFaults = (
  code: ErrorCode,
  fn: Pick<BuildableFunction, 'name'>,
  faults: readonly Fault[],
): AppError => {
  const hint = faults.map(faultText).join('\n')
  return new AppError(code, `${fn.name}: ${faults[0]?.message}`, { hint, function: fn.name, faults })
}
