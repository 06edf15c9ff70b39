import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Move, newestMove } from './push-order.ts'

const NOTHING = '0'

/** A ref's walk from its making over these commits. */
const walk = (...commits: string[]): Move[] =>
  commits.map((sha, n) => ({ before: commits[n - 1] ?? NOTHING, sha })).filter(({ before, sha }) => before !== sha)

/** Where the ref stands by what arrived, in the order in which it arrived. */
const standsAt = (arrivals: readonly Move[]): string | undefined => {
  const known: Move[] = []
  let current: Move | undefined
  for (const move of arrivals) {
    current = newestMove(known, move) ?? move
    known.push(move)
  }
  return current?.sha
}

test('in whatever order pushes of a ref arrive, it stands where it went last', () => {
  const commits = fc.array(fc.constantFrom(...'abcdefghij'), { minLength: 1, maxLength: 20 })
  const shuffled = commits
    .map((names) => walk(...names))
    .filter((moves) => moves.at(-1)?.sha !== NOTHING && moves.length > 0)
    .chain((moves) => fc.tuple(fc.constant(moves), fc.shuffledSubarray(moves, { minLength: moves.length })))
  fc.assert(
    fc.property(shuffled, ([moves, arrivals]) => {
      expect(standsAt(arrivals)).toBe(moves.at(-1)?.sha)
    }),
    { numRuns: 1_000 },
  )
})

test('pushes that arrive in order are each the newest, with any number of them missing', () => {
  const commits = fc.uniqueArray(fc.integer({ min: 1, max: 99 }).map(String), { minLength: 1, maxLength: 20 })
  const arrived = commits.map((names) => walk(...names)).chain((moves) => fc.subarray(moves, { minLength: 1 }))
  fc.assert(
    fc.property(arrived, (arrivals) => {
      expect(standsAt(arrivals)).toBe(arrivals.at(-1)?.sha)
    }),
  )
})

test('there and back again is the newest, whatever was missed before', () => {
  const missed = walk('x')
  expect(standsAt([...missed, { before: 'a', sha: 'b' }, { before: 'b', sha: 'a' }])).toBe('a')
})
