import { AppError, type ErrorCode, faultText, type Place } from '@pushfn/model/errors'
import type { BuildableFunction } from './stack-function.ts'

/** An error about something a tenant wrote: the hint is the fault with its place, and the fault is there to annotate. */
export const refuse = (
  code: ErrorCode,
  fn: Pick<BuildableFunction, 'name'>,
  message: string,
  place: Place,
): AppError => {
  const fault = { message, place }
  return new AppError(code, `${fn.name}: ${message}`, { hint: faultText(fault), function: fn.name, faults: [fault] })
}
