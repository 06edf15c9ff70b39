import type { Fault, Place } from '@pushfn/model/errors'
import type { Stack } from '@pushfn/model/stack'

/** A fault for each function that has its name from another stack of the repository already, with both places. */
export const namesThatStandTwice = (stacks: readonly Stack[]): Fault[] => {
  const first = new Map<string, Place & { line: number }>()
  return stacks.flatMap(({ file, functions }) =>
    functions.flatMap(({ name, place }) => {
      const there = first.get(name)
      const here = { file, ...place, key: `functions.${name}` }
      if (!there) first.set(name, here)
      if (!there) return []
      const message = `functions.${name} stands in ${there.file} on line ${there.line} as well: give one of them another name`
      return [{ message, place: here }]
    }),
  )
}
