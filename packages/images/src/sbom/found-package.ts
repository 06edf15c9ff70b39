/** A package that an image has, as its own files tell of it: hostile text, cut to size by `tidy`. */
export interface FoundPackage {
  kind: 'deb' | 'apk' | 'npm' | 'pypi' | 'golang'
  name: string
  version: string
  /** Of packages of an operating system. */
  arch?: string | undefined
  /** As its author gives it: an SPDX expression at best. */
  license?: string | undefined
  hash?: { algorithm: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'; hex: string } | undefined
}

const MAX_CHARACTERS = 300

/** A name or a version without what no name has; undefined where nothing is left, or too much. */
export const tidy = (text: unknown): string | undefined => {
  if (typeof text !== 'string') return undefined
  const clean = text.toWellFormed().trim()
  const isPlain = clean.length > 0 && clean.length <= MAX_CHARACTERS && !/\p{Cc}/u.test(clean)
  return isPlain ? clean : undefined
}
