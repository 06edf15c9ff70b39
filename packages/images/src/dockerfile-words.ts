import { JOINT } from './dockerfile-readings.ts'

export interface Instruction {
  /** In capitals; of `ONBUILD RUN` it is RUN. */
  keyword: string
  flags: Flag[]
  /** What follows the flags. */
  rest: string
  /** `rest` at its spaces. */
  words: string[]
}

export interface Flag {
  name: string
  value: string
}

/**
 * An instruction in its parts, or what of it could be read in two ways and how to write it plainly. `undefined` for what
 * is no instruction that this check is about.
 *
 * BuildKit takes quotes and escapes out of flags, so that `--fr"om"` and `--fr\om` are `--from`. Rather than doing as it
 * does (its versions differ), whatever is not written plainly is refused: nobody writes so by chance.
 */
export const instructionOf = (text: string): Instruction | { problem: string } | undefined => {
  const [, word = '', rest = ''] = /^([^ \t\v\f\r]+)[ \t\v\f\r]*(.*)$/s.exec(text) ?? []
  const keyword = plainKeyword(word)
  if (!KEYWORDS.has(keyword)) return undefined
  if (word.toUpperCase() !== keyword) return { problem: `${keyword} must be one word on one line: write it so` }
  if (keyword === 'ONBUILD') return instructionOf(rest)
  return withFlags(keyword, rest)
}

const KEYWORDS = new Set(['FROM', 'ARG', 'COPY', 'ADD', 'RUN', 'ONBUILD'])

/** As Go makes small letters of it, for which `İ` is an I and the Kelvin sign a K. */
const plainKeyword = (word: string): string =>
  word.replaceAll(JOINT, '').replaceAll('\u0130', 'I').replaceAll('\u212A', 'K').toUpperCase()

/** `FR`, and then perhaps `OM` on a later line. */
export const isBeginningOfKeyword = (text: string): boolean =>
  [...KEYWORDS].some((keyword) => keyword.startsWith(plainKeyword(text)))

const withFlags = (keyword: string, args: string): Instruction | { problem: string } => {
  const flags: Flag[] = []
  let rest = args
  for (;;) {
    const [token = ''] = /^\S*/.exec(rest) ?? []
    if (!token.replaceAll(JOINT, '').startsWith('--')) break
    rest = rest.slice(token.length).replace(/^\s+/, '')
    if (token === '--') break
    const flag = flagOf(keyword, token)
    if ('problem' in flag) return flag
    if (flag.name !== 'mount' && flag.name !== 'exclude' && flags.some(({ name }) => name === flag.name))
      return { problem: `--${flag.name} stands there twice: take one away` }
    flags.push(flag)
  }
  return { keyword, flags, rest, words: rest.split(/[ \t\v\f\r]+/).filter((word) => word !== '') }
}

const KNOWN_FLAGS: Readonly<Record<string, readonly string[]>> = {
  FROM: ['platform'],
  ARG: [],
  COPY: ['from', 'chown', 'chmod', 'link', 'parents', 'exclude'],
  ADD: ['chown', 'chmod', 'link', 'exclude', 'unpack', 'checksum', 'keep-git-dir'],
  RUN: ['mount', 'network', 'security'],
}

const flagOf = (keyword: string, token: string): Flag | { problem: string } => {
  const shown = token.replaceAll(JOINT, '').slice(0, 80)
  if (token.includes(JOINT)) return { problem: `${shown} is broken in two by a line’s end: write it on one line` }
  const [, name = '', value = ''] = /^--([a-z-]+)(?:=(.*))?$/s.exec(token) ?? []
  if (name === '' || !KNOWN_FLAGS[keyword]?.includes(name))
    return { problem: `${shown} is no flag of ${keyword} that this cloud knows: take it away` }
  // Quotes around what holds no space change nothing, and BuildKit takes them away too.
  const unquoted = value.replace(/"([^"'\s]*)"|'([^"'\s]*)'/g, '$1$2')
  if (!/^[!-~]*$/.test(unquoted) || /["'\\`]/.test(unquoted))
    return { problem: `${shown} holds an escape, a quote or a special character: write it without` }
  return { name, value: unquoted }
}
