import { type FoundPackage, tidy } from './found-package.ts'

/**
 * A `METADATA` or `PKG-INFO` of an installed distribution; undefined for what is none. A licence may be its whole text: that
 * is no name of one. https://packaging.python.org/en/latest/specifications/core-metadata/
 */
export const readPythonPackage = (text: string): FoundPackage | undefined => {
  const head = text.split(/\r?\n\r?\n/, 1)[0] ?? ''
  const field = (name: string) => tidy(new RegExp(`^${name}:[ \\t]*(.*?)\\r?$`, 'mi').exec(head)?.[1])
  const name = field('Name')
  const version = field('Version')
  if (!name || !version) return undefined
  const license = field('License-Expression') ?? field('License')
  return { kind: 'pypi', name, version, license: license === 'UNKNOWN' ? undefined : license }
}
