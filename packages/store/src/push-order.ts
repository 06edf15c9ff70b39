/** A ref that moved from one commit to another. */
export interface Move {
  before: string
  sha: string
}

/**
 * Which of a ref's moves is the newest, now that one more has arrived: it or one of the `known`, oldest first. Webhooks
 * come in any order, but each says where the ref came from: moves are the edges of one path, and the path ends where more
 * moves arrive than leave. While some are missing the order of arrival decides what the edges leave open.
 */
export const newestMove = <Known extends Move>(known: readonly Known[], arrived: Move): Known | undefined => {
  const moves = [...known, arrived]
  const balance = balanceOf(moves)
  const isEnd = (move: Move) => (balance.get(move.sha) ?? 0) > 0
  if (isEnd(arrived)) return undefined
  const end = known.findLast(isEnd)
  if (!end) return undefined
  // Back to a commit that the ref has left before: late or not, only the whole path could tell.
  const isWayBack = reachableFrom(arrived.sha, moves.slice(0, -1)).has(arrived.before)
  return isWayBack && !isOnePath(moves, balance) ? undefined : end
}

/** For each commit how many more moves arrive at it than leave it. */
const balanceOf = (moves: readonly Move[]): Map<string, number> => {
  const balance = new Map<string, number>()
  for (const { before, sha } of moves) {
    balance.set(sha, (balance.get(sha) ?? 0) + 1)
    balance.set(before, (balance.get(before) ?? 0) - 1)
  }
  return balance
}

const reachableFrom = (start: string, moves: readonly Move[]): ReadonlySet<string> => {
  const leaving = Map.groupBy(moves, (move) => move.before)
  const reached = new Set([start])
  for (const commit of reached) for (const move of leaving.get(commit) ?? []) reached.add(move.sha)
  return reached
}

/** Whether the moves can be walked one after the other, each once: then none between the first and the last is missing. */
const isOnePath = (moves: readonly Move[], balance: ReadonlyMap<string, number>): boolean => {
  const uneven = [...balance].filter(([, difference]) => difference !== 0)
  const start = uneven.find(([, difference]) => difference === -1)?.[0]
  if (uneven.length !== 2 || start === undefined) return false
  const reached = reachableFrom(start, moves)
  return moves.every((move) => reached.has(move.before))
}
