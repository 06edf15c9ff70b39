import { AppError, type Fault, faultText } from '@pushfn/model/errors'
import type { StackFunction } from '@pushfn/model/stack'

/**
 * What a stack may ask for and this cloud does not have. What a function would be unsafe or broken without refuses it,
 * with the mend; what it can do without is a warning. Nothing is passed over in silence.
 */
export const refuseWhatIsNotHere = (fn: StackFunction, file: string): Fault[] => {
  const at = (key: string) => ({ file, ...(fn.places[key] ?? fn.place), key: `functions.${fn.name}.${key}` })
  const refuse = (key: string, message: string): AppError => {
    const fault = { message, place: at(key) }
    return new AppError('STACK_INVALID', message, { hint: faultText(fault), function: fn.name, faults: [fault] })
  }
  const [secret] = fn.secrets
  if (secret !== undefined) {
    throw refuse('secrets', `there is no secret “${secret}”: this cloud does not keep secrets yet, take the key out`)
  }
  const warnings: Fault[] = []
  if (fn.constraints.length > 0) {
    warnings.push({ message: 'this cloud has one node: constraints mean nothing', place: at('constraints') })
  }
  return warnings
}
