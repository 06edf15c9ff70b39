import { type Promotion, promotionFrom } from '@pushfn/model/promotion'
import type { Repository } from './repositories.ts'
import { settingsOf } from './repository-settings.ts'

/** What moves `live` of a repository in the place of pushes; undefined where pushes do. */
export const promotionOf = (repository: Pick<Repository, 'deployBranch' | 'settings'>): Promotion | undefined => {
  const { promote } = settingsOf(repository)
  return promote === undefined ? undefined : promotionFrom(promote)
}

const TAGS = 'refs/tags/'

/** The tag's name; undefined for another ref. */
export const tagOf = (ref: string): string | undefined => (ref.startsWith(TAGS) ? ref.slice(TAGS.length) : undefined)

export const refOfTag = (tag: string): string => `${TAGS}${tag}`
