import type { Fault } from '@pushfn/model/errors'
import type { StackFunction } from '@pushfn/model/stack'

/** What a stack may ask for and this cloud does not have, though the function can do without: nothing is passed over in silence. */
export const passedOver = (fn: StackFunction, file: string): Fault[] => {
  if (fn.constraints.length === 0) return []
  const place = { file, ...(fn.places.constraints ?? fn.place), key: `functions.${fn.name}.constraints` }
  return [{ message: 'this cloud has one node: constraints mean nothing', place }]
}
