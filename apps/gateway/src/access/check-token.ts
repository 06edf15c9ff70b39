import { type Problem, problems } from '../problem.ts'
import type { TokenBook } from './token-book.ts'

/**
 * Whether a call bears a token of the function's tenant: undefined when it does, else what its caller is told. RFC 6750's
 * header alone counts; a token in a query would stand in logs.
 */
export const checkToken = (
  book: TokenBook,
  authorization: string | undefined,
  of: { tenant: string; function: string },
): Problem | undefined | Promise<Problem | undefined> => {
  const token = BEARER.exec(authorization ?? '')?.[1]
  if (token === undefined) return problems.noToken(of.function)
  const answer = book.look(token)
  return answer instanceof Promise ? answer.then((late) => told(late, of)) : told(answer, of)
}

const BEARER = /^bearer +([\w.~+/=-]{1,200})$/i

const told = (
  answer: Awaited<ReturnType<TokenBook['look']>>,
  of: { tenant: string; function: string },
): Problem | undefined => {
  if (answer === 'away') return problems.tokenUnchecked(of.function)
  if (answer === 'unknown') return problems.wrongToken(of.function)
  return answer.tenant === of.tenant ? undefined : problems.foreignToken(of.function)
}
