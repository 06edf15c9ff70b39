import fc from 'fast-check'
import type { Schema, ServedDocument } from './openapi-served.ts'

/** By the name of a parameter or a property: what really exists, so that some requests come through. */
export type Known = Readonly<Record<string, readonly string[]>>

/** Texts that somebody would try, or that a database, a log or a URL takes for something else. */
export const hostileText = fc.oneof(
  // PostgreSQL takes none of these.
  fc.constantFrom('\u0000', 'a\u0000b', '\ud800', 'a\udfffb'),
  fc.constantFrom(
    ...['', ' ', '.', '..', '../../etc/passwd', '..%2f', '\u202e', '🦄', 'ß', '<script>', '{{7*7}}', '%00', '%s%n'],
    ...["'", '"', '`', '\\', "1' OR '1'='1", '\r\nx-evil: 1', '*', '#', '?a=b', ';', '00000000', '1e309', '-1', '0x10'],
    ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN'],
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.integer({ min: 64, max: 4_000 }).map((length) => 'a'.repeat(length)),
)

const hugeNumber = fc.constantFrom(0, -1, 1, 0.5, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e21, 1e308, 5e-324)
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  hugeNumber,
  fc.constantFrom(null, true, false, [], {}, [[]], [null], { a: { b: {} } }),
)

/** Values that fit a schema of the document, as far as JSON Schema can say. */
export const fitting = (document: ServedDocument, given: Schema, known: Known, name = ''): fc.Arbitrary<unknown> => {
  const schema = document.resolve(given)
  const inner = (of: Schema, key = name) => fitting(document, of, known, key)
  const named = known[name] ?? []
  const byType: fc.Arbitrary<unknown>[] = [schema.type ?? []].flat().map((type) => {
    switch (type) {
      case 'string':
        return textOf(schema)
      case 'integer':
        return numberOf(schema).map((n) => Math.trunc(n))
      case 'number':
        return numberOf(schema)
      case 'boolean':
        return fc.boolean()
      case 'array': {
        const minLength = schema.minItems ?? 0
        const maxLength = Math.min(schema.maxItems ?? minLength + 3, minLength + 3)
        return fc.array(inner(schema.items ?? {}), { minLength, maxLength })
      }
      case 'object':
        return objectOf(schema, inner)
      default:
        return fc.constant(null)
    }
  })
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const choices = [...byType, ...(schema.anyOf ?? schema.oneOf ?? []).map((of) => inner(of))]
  const value = choices.length > 0 ? fc.oneof(...choices) : oddValue
  const isText = schema.type === 'string'
  return isText && named.length > 0 ? fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...named) }, value) : value
}

const textOf = (schema: Schema): fc.Arbitrary<string> => {
  const { pattern, format, minLength = 0, maxLength = 10_000 } = schema
  if (format === 'uuid') return fc.uuid()
  if (format === 'date-time') {
    const edges = ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2024-02-29T00:00:00Z']
    const dates = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31T23:59:59Z') })
    return fc.oneof(
      dates.map((date) => date.toISOString()),
      fc.constantFrom(...edges),
    )
  }
  if (pattern !== undefined) return matching(pattern, maxLength)
  return hostileText.map((text) => text.padEnd(minLength, 'x').slice(0, maxLength))
}

/** fast-check makes nothing of look-ahead, and classes of Unicode slowly: what fits is picked out, then. */
const matching = (pattern: string, maxLength: number): fc.Arbitrary<string> => {
  const regex = new RegExp(pattern, 'u')
  if (!/\(\?[=!<]|\\p\{/.test(pattern)) {
    return fc.stringMatching(regex, { size: 'small' }).map((text) => text.slice(0, maxLength))
  }
  const names = fc.constantFrom('main', 'feature/a-b', 'v1.0', 'ünï', 'a'.repeat(Math.min(maxLength, 200)))
  return fc.oneof(
    names,
    hostileText.filter((text) => text.length <= maxLength && regex.test(text)),
  )
}

const numberOf = ({ minimum, exclusiveMinimum, maximum }: Schema): fc.Arbitrary<number> => {
  const least = minimum ?? exclusiveMinimum ?? -(2 ** 53)
  const most = maximum ?? 1e308
  const edges = [least, most, least + 1, 2 ** 31, 2 ** 53].filter((n) => n >= least && n <= most)
  return fc.oneof(
    fc.constantFrom(...edges),
    fc.integer({ min: Math.ceil(Math.max(least, -1e9)), max: Math.min(most, 1e9) }),
  )
}

const objectOf = (schema: Schema, inner: (of: Schema, key?: string) => fc.Arbitrary<unknown>) => {
  const { properties, required = [], additionalProperties } = schema
  if (properties) {
    const optional = Object.keys(properties).filter((key) => !required.includes(key))
    // A few at a time: of many one is refused, and nothing comes through.
    return fc
      .subarray(optional, { maxLength: Math.min(3, optional.length) })
      .chain((some) =>
        fc.record(Object.fromEntries([...required, ...some].map((key) => [key, inner(properties[key] ?? {}, key)]))),
      )
  }
  const names = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'staging') },
    { weight: 1, arbitrary: fc.constantFrom('A_1', 'pr-7', 'live', '__proto__', 'a b', 'ß') },
  )
  return fc.dictionary(names, typeof additionalProperties === 'object' ? inner(additionalProperties) : oddValue, {
    maxKeys: 3,
  })
}

/** The value with one thing wrong. */
export const slightlyWrong = (value: unknown): fc.Arbitrary<unknown> =>
  fc.tuple(fc.nat(20), fc.constantFrom('drop', 'add', 'replace'), oddValue, hostileText).map(([at, how, odd, key]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return odd
    const entries = Object.entries(value)
    const place = entries.length === 0 ? 0 : at % entries.length
    if (how === 'add' || entries.length === 0) return Object.fromEntries([...entries, [key, odd]])
    if (how === 'drop') return Object.fromEntries(entries.toSpliced(place, 1))
    return Object.fromEntries(entries.with(place, [entries[place]?.[0] ?? '', odd]))
  })
