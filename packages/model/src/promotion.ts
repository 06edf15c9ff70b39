import { matchesGlob } from './matches-glob.ts'

/** What moves `live` in the place of pushes to the branch that deploys: `tag v*`, or `release v*`. */
export interface Promotion {
  by: 'tag' | 'release'
  /** Of the tag's name: `*` is any characters, `?` one. */
  pattern: string
}

/** The setting `promote` as a fact; undefined when it is none. */
export const promotionFrom = (setting: string): Promotion | undefined => {
  const [, by, pattern] = /^(tag|release) +(\S+)$/.exec(setting) ?? []
  if ((by !== 'tag' && by !== 'release') || pattern === undefined) return undefined
  return { by, pattern }
}

/** Why a tag or a release does not move `live`; undefined when it does. */
export const whyNotPromoted = (
  promotion: Promotion | undefined,
  told: { by: Promotion['by']; tag: string },
): string | undefined => {
  if (!promotion) {
    const what = told.by === 'tag' ? 'tags' : 'releases'
    return `refs/tags/${told.tag} is no branch, and ${what} deploy nothing here: the setting “promote” is not set`
  }
  const { by, pattern } = promotion
  if (by !== told.by) return `a ${told.by} deploys nothing here: “promote” is “${by} ${pattern}”`
  if (!matchesGlob(pattern, told.tag)) return `${told.tag} does not fit “${pattern}” of the setting “promote”`
  return undefined
}
