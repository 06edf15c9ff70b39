import { quote } from './quote.ts'

export interface Substituted {
  text: string
  /** Names without a value and without a default: read as nothing, as OpenFaaS does. */
  unset: string[]
  /** What is wrong with the text; `text` is then of no use. */
  problem?: string
}

/** Characters that one value may have after substitution. */
export const MAX_VALUE_LENGTH = 32 * 1024

/**
 * Puts `env` in for `${NAME}` and `${NAME:-default}` (the default also stands in for an empty value). `$${` is a literal
 * `${`; every other `$` is left as it is. Names come from `env` alone. What is put in is not read again, so that a value
 * can neither grow without end nor name another variable.
 */
export const substitute = (text: string, env: Readonly<Record<string, string>>): Substituted => {
  const unset: string[] = []
  let problem: string | undefined
  let length = 0
  const substituted = text.replace(REFERENCE, (whole, inside: string | undefined, offset: number) => {
    if (whole === '$${') return '${'
    if (problem !== undefined) return ''
    const [, name, fallback] = NAME_AND_DEFAULT.exec(inside ?? '') ?? []
    if (inside === undefined || name === undefined) {
      problem = `holds ${quote(text.slice(offset, offset + 20))}, which is not understood: write \${NAME} or \${NAME:-default}, and $\${ for a literal \${`
      return ''
    }
    const set = Object.hasOwn(env, name) ? env[name] : undefined
    if (set === undefined && fallback === undefined) unset.push(name)
    const value = set || (fallback ?? '')
    length += value.length
    if (length > MAX_VALUE_LENGTH) problem = `is longer than ${MAX_VALUE_LENGTH / 1024} KiB after substitution`
    return value
  })
  return problem === undefined ? { text: substituted, unset } : { text, unset, problem }
}

/** Stops at the next `$`, `{` or `}`: reads every character once, however many references are left open. */
const REFERENCE = /\$\$\{|\$\{([^{}$]*)\}|\$\{/g

const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s
