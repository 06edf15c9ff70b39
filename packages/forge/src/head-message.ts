import { skipMarker } from '@pushfn/model/skip-marker'
import { cut } from './cut.ts'
import { titleOf } from './payload.ts'

/** What a push tells of its head commit's message: the first line, and the words in all of it that ask not to build. */
export const headMessage = (whole: string | undefined): { message: string; skip?: string } => {
  const skip = skipMarker(whole ?? '')
  return { message: cut(titleOf(whole), 200), ...(skip && { skip }) }
}
