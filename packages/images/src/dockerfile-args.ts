import { JOINT } from './dockerfile-readings.ts'

/** Values that an argument may have when a `FROM` is filled in: all that any line gives it, and what the build is told. */
export type ArgValues = Map<string, Set<string>>

/** Stands for a value with quotes within, escapes or spaces: it may be anything. */
export const UNREADABLE = '\u0000'

/** What BuildKit gives without being asked. The architecture is the engine's, which is not known here. */
const PLATFORM_ARGS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ['TARGET', 'BUILD'].flatMap((side) => [
    [`${side}PLATFORM`, ['linux/amd64', 'linux/arm64', 'linux/arm/v7']],
    [`${side}OS`, ['linux']],
    [`${side}ARCH`, ['amd64', 'arm64', 'arm']],
    [`${side}VARIANT`, ['v7', 'v8']],
  ]),
)

/** An argument without a value is empty, and so may be one with a value that the build does not see. */
export const argValues = (buildArgs: Readonly<Record<string, string>>): ArgValues =>
  new Map([
    ...Object.entries(PLATFORM_ARGS).map(([name, values]) => [name, new Set(['', ...values])] as const),
    ...Object.entries(buildArgs).map(([name, value]) => [name, new Set(['', readable(value)])] as const),
  ])

/** Takes in what an `ARG` instruction says; returns what is wrong with one whose names cannot be told for sure. */
export const declareArgs = (values: ArgValues, text: string): string | undefined => {
  // Quoted values with spaces are told from words only where all is written plainly.
  const words = PLAIN.test(text) ? (text.match(WORD) ?? []) : text.split(/\s+/)
  for (const word of words) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined) {
      // The rest of a quoted value, unless something could make a name of it.
      const written = /^(.*?)=/s.exec(word)?.[1] ?? ''
      if (
        !/^[A-Za-z_][A-Za-z0-9_]*$/.test(written.replaceAll(JOINT, '').replace(/["'\\`]/g, '')) &&
        !written.includes('$')
      )
        continue
      return `the name of an argument holds letters, digits and _ alone: ${word.replaceAll(JOINT, '').slice(0, 80)}`
    }
    values.set(name, (values.get(name) ?? new Set([''])).add(readable(value ?? '')))
  }
  return undefined
}

const WORD = /[A-Za-z_][A-Za-z0-9_]*(?:=(?:"[^"\\`]*"|'[^'\\`]*'|[^\s"'\\`]*))?/g
const PLAIN = new RegExp(`^(?:${WORD.source}(?:[ \\t]+|$))*$`)

const readable = (value: string): string => {
  const unquoted = value.replace(/^"([^"]*)"$|^'([^']*)'$/, '$1$2')
  return /^[!-~]*$/.test(unquoted) && !/["'\\`]/.test(unquoted) ? unquoted : UNREADABLE
}

/** More than that are not looked through. */
const MAX_RESULTS = 500

/**
 * Everything that a text with `$X`, `${X}`, `${X:-default}`, `${X:+other}` may become; undefined when that cannot be told.
 */
export const expansions = (text: string, values: ArgValues): string[] | undefined => {
  let open = [text]
  const done = new Set<string>()
  for (let left = 10; open.length > 0 && left > 0; left--) {
    const next = new Set<string>()
    for (const each of open) {
      const at = VARIABLE.exec(each)
      if (!at) {
        if (!/^[!-~]*$/.test(each) || /[$"'\\`]/.test(each)) return undefined
        done.add(each)
        continue
      }
      const [whole, bare, braced, sign, other = ''] = at
      const known = values.get(bare ?? braced ?? '')
      if (!known && !sign) return undefined
      for (const value of valuesWith(known ?? new Set(['']), sign, other))
        next.add(each.slice(0, at.index) + value + each.slice(at.index + whole.length))
      if (next.size + done.size > MAX_RESULTS) return undefined
    }
    open = [...next]
  }
  return open.length > 0 ? undefined : [...done]
}

const VARIABLE = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([A-Za-z0-9._:/@-]*))?\})/

const valuesWith = (known: ReadonlySet<string>, sign: string | undefined, other: string): string[] =>
  sign ? [...new Set([...(sign.endsWith('-') ? known : ['']), other])] : [...known]
