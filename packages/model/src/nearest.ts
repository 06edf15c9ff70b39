/**
 * The known word that a mistyped one most likely means (“did you mean …?”), or undefined when none is near: at most two
 * letters added, left out, changed or swapped, and never more than a third of the word.
 */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > MAX_LENGTH) return undefined
  const written = simplified(word)
  const best = known
    .map((candidate) => ({ candidate, distance: distanceBetween(written, simplified(candidate)) }))
    .reduce<{ candidate: string; distance: number } | undefined>(
      (nearer, next) => (nearer && nearer.distance <= next.distance ? nearer : next),
      undefined,
    )
  if (!best || best.distance > Math.min(2, Math.floor(best.candidate.length / 3))) return undefined
  return best.candidate
}

/** Longer than any key there is: nothing that long is a slip of the finger. */
const MAX_LENGTH = 64

/** `readOnly-root` and `read_only_root` are the same word to whoever types them. */
const simplified = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '')

/** Optimal string alignment: the number of additions, omissions, changes and swaps of neighbours between two words. */
const distanceBetween = (from: string, to: string): number => {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + change,
        isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY
