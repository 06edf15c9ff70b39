import { z } from 'zod'
import { cpuMillis, memoryMiB } from './quantities.ts'
import { quote } from './quote.ts'
import { SecretName } from './secret.ts'
import { MAX_VALUE_LENGTH } from './substitute.ts'
import { isYamlMap, YamlLiteral } from './yaml-tree.ts'

/**
 * The kinds of values that stack files hold, as schemas. A message is the end of a sentence that begins with the key
 * (“functions.hello.handler must be text, but is a list”) and says what stands there, what is expected, and the mend.
 */

const MAX_LIST_LENGTH = 100

/** What stands there, in words. */
export const described = (value: unknown): string => {
  if (value === undefined || value === null) return 'empty'
  if (typeof value === 'string') return value === '' ? 'empty' : `the text ${quote(value)}`
  if (value instanceof YamlLiteral) return typeof value.value === 'number' ? `the number ${value.source}` : value.source
  return Array.isArray(value) ? 'a list' : 'a map of keys'
}

export type Read<T> = { value: T } | { problem: string }

/** A schema of one function that reads a value or says what is wrong with it. */
const reads = <T>(read: (value: unknown) => Read<T>) =>
  z.unknown().transform((value, ctx): T => {
    const result = read(value)
    if ('value' in result) return result.value
    ctx.addIssue({ code: 'custom', message: result.problem, input: value })
    return z.NEVER
  })

export const readText = (value: unknown): Read<string> => {
  if (value instanceof YamlLiteral) {
    return { problem: `must be text, but is ${described(value)}: put it in quotes, "${value.source}"` }
  }
  if (value === undefined) return { problem: 'is missing' }
  if (typeof value !== 'string') return { problem: `must be text, but is ${described(value)}` }
  if (value === '') return { problem: 'must be text, but is empty' }
  if (value.length > MAX_VALUE_LENGTH) return { problem: `is longer than ${MAX_VALUE_LENGTH / 1024} KiB` }
  return { value }
}

export const text = reads(readText)

const textThat = (check: (value: string) => string | undefined, missing = 'is missing') =>
  reads((written) => {
    if (written === undefined) return { problem: missing }
    const read = readText(written)
    const problem = 'value' in read ? check(read.value) : undefined
    return problem === undefined ? read : { problem }
  })

/** Paths inside the repository, by their letters alone: links are looked at where the files are. */
const pathProblem = (written: string): string | undefined => {
  if (written.length > 1024) return 'is longer than 1024 characters'
  if (/[\p{Cc}\\]/u.test(written)) return `must be a path with “/”, but is ${quote(written)}`
  let depth = 0
  for (const part of written.split('/')) {
    if (part === '..') depth -= 1
    else if (part !== '' && part !== '.') depth += 1
    if (depth < 0) break
  }
  const isInside = depth >= 0 && !written.startsWith('/')
  return isInside ? undefined : `must be a path inside the repository, as in ./hello, but is ${quote(written)}`
}

export const path = textThat(pathProblem)

export const handler = textThat(pathProblem, 'is missing: name the folder of the handler, as in ./hello')

export const version = reads((value): Read<string> => {
  const written = value instanceof YamlLiteral ? value.source : value
  return written === '1.0' || written === '1'
    ? { value: '1.0' }
    : { problem: `must be 1.0, but is ${described(value)}` }
})

export const lang = textThat(
  (written) =>
    /^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/.test(written)
      ? undefined
      : `must be the name of a template, as in node24, but is ${quote(written)}`,
  'is missing: name a template, as in node24',
)

export const image = textThat(
  (written) =>
    written.length <= 512 && IMAGE.test(written)
      ? undefined
      : `must be an image, as in ghcr.io/me/hello:1.0, but is ${quote(written)}`,
  'is missing: skip_build needs an image that is built already',
)

/** host[:port]/path[:tag][@digest], as in the distribution project's reference grammar, without its lengths. */
const IMAGE =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/

export const secret = textThat((written) =>
  SecretName.safeParse(written).success
    ? undefined
    : `must be the name of a secret (lower-case letters, digits, “-”, “_” and “.”), but is ${quote(written)}`,
)

export const truth = reads((value): Read<boolean> => {
  if (value instanceof YamlLiteral && typeof value.value === 'boolean') return { value: value.value }
  const written = typeof value === 'string' ? value.toLowerCase() : undefined
  if (written === 'true' || written === 'false') return { value: written === 'true' }
  return { problem: `must be true or false, but is ${described(value)}` }
})

const amount = (
  read: (text: string) => number | undefined,
  what: string,
  example: string,
  range: [number, number, string],
) =>
  reads((value): Read<number> => {
    const written = value instanceof YamlLiteral ? value.source : value
    const found = typeof written === 'string' ? read(written) : undefined
    if (found === undefined) return { problem: `must be ${what}, as in ${example}, but is ${described(value)}` }
    const [least, most, words] = range
    if (found < least || found > most)
      return { problem: `must be ${words}, as in ${example}, but is ${described(value)}` }
    return { value: found }
  })

/** Docker starts nothing with less than 6 MiB or a hundredth of a core. */
export const resources = () =>
  map({
    memory: amount(memoryMiB, 'an amount of memory', '128Mi', [6, 2 ** 20, 'between 6Mi and 1Ti']).nullish(),
    cpu: amount(cpuMillis, 'an amount of cores', '500m', [10, 1_000_000, 'between 10m and 1000']).nullish(),
  })

export const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item, { error: (issue) => `must be a list, one “- ” line each, but is ${described(issue.input)}` })
    .max(MAX_LIST_LENGTH, { error: `has more than ${MAX_LIST_LENGTH} items` })

/** A map whose keys are known. */
export const map = <Shape extends z.ZodRawShape>(shape: Shape) => {
  const object = z.object(shape)
  return z
    .custom<z.input<typeof object>>(isYamlMap, {
      error: (issue) => `must be a map of keys, but is ${described(issue.input)}`,
    })
    .pipe(object)
}
