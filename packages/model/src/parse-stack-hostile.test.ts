import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FunctionName } from './names.ts'
import { parseEnvironmentFile } from './parse-environment-file.ts'
import { parseStack } from './parse-stack.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
console.info(`fast-check seed: ${seed} (again with FC_SEED=${seed})`)

const parse = (text: string) => parseStack(text, { file: 'stack.yml', env: { A: 'a', LONG: 'x'.repeat(10_000) } })

/** Says something in any case: a stack with functions, or at least one fault with words and a line that exists. */
const expectAnAnswer = (text: string) => {
  const result = parse(text)
  if ('stack' in result) {
    expect(result.stack.functions.length).toBeGreaterThan(0)
    return
  }
  expect(result.faults.length).toBeGreaterThan(0)
  const lines = text.split('\n').length
  for (const { message, place } of result.faults) {
    expect(message).not.toBe('')
    expect(message.length).toBeLessThan(2000)
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(place?.line ?? 1).toBeLessThanOrEqual(lines + 1)
  }
}

const SIZE = 64 * 1024

/** Pieces that make parsers slow, deep or confused when they come by the thousand. */
const PIECES = [
  ...[
    '[',
    '{',
    '- ',
    '? ',
    ': ',
    'a: ',
    '{a: ',
    '[{',
    '- - ',
    '? - ',
    'a: [',
    '"',
    "'",
    '""',
    "''",
    '&a ',
    '*a ',
    '!a ',
  ],
  ...[
    '&a [*a,',
    '!!map ',
    '<<: ',
    '<<: *a\n',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '%a\n',
    '#',
    '#\n',
    '\n',
    '\r',
    '\t',
    ' ',
  ],
  ...[
    '|\n',
    '>\n',
    '|+9\n',
    'a:\n',
    'a: b\n',
    'a\n',
    '- a\n',
    ' a:\n',
    '{}\n',
    '[],',
    ',',
    ', ,',
    '}',
    ']',
    '\\',
    '"\\u',
  ],
  ...[
    '$',
    `\${`,
    `\${A`,
    `\${A}`,
    `\${A:-`,
    `$\${`,
    '~',
    '.inf ',
    '__proto__: ',
    '\u0000',
    '\uFEFF',
    '\u2028',
    '\uD800',
    '🦊',
    'é',
  ],
]

const filled = (piece: string, size = SIZE) => piece.repeat(Math.floor(size / new TextEncoder().encode(piece).length))

describe('parseStack, whatever the text', () => {
  it.each(PIECES)('answers a file full of %j', (piece) => {
    expectAnAnswer(filled(piece))
    expectAnAnswer(`functions:\n  a: ${filled(piece, SIZE - 20)}`)
    expectAnAnswer(`functions: {a: {lang: x, handler: "${filled(piece, SIZE - 60)}"}}`)
  })

  it('answers any text', { timeout: 60_000 }, () => {
    const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 6 }))
    const spaced = fc.tuple(fc.constantFrom('', ' ', '\n', '\n  ', ': '), piece).map(([space, text]) => space + text)
    const text = fc.array(spaced, { maxLength: 60 }).map((parts) => parts.join(''))
    fc.assert(fc.property(text, expectAnAnswer), { seed, numRuns: 3000 })
  })

  it('answers a good file that was damaged anywhere', { timeout: 60_000 }, () => {
    const damage = fc.tuple(fc.nat(GOOD.length), fc.nat(5), fc.constantFrom(...PIECES, 'x', '1', '{}'))
    const damaged = fc
      .array(damage, { minLength: 1, maxLength: 3 })
      .map((damages) => damages.reduce((text, [at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut), GOOD))
    fc.assert(fc.property(damaged, expectAnAnswer), { seed, numRuns: 3000 })
  })

  it('answers any pieces in thousands', { timeout: 120_000 }, () => {
    const text = fc
      .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 })
      .map((pieces) => filled(pieces.join('')))
    fc.assert(fc.property(text, expectAnAnswer), { seed, numRuns: 60 })
  })

  it('refuses a file that is too large, in bytes, without reading it', () => {
    const refusal = { faults: [{ message: 'the file is larger than 64 KiB', place: { file: 'stack.yml' } }] }
    expect(parse(GOOD.padEnd(SIZE + 1))).toEqual(refusal)
    expect(parse(`${GOOD}# ${'é'.repeat(SIZE / 2)}`)).toEqual(refusal)
    expect(parse(GOOD.padEnd(SIZE))).toHaveProperty('stack')
  })

  it.each(['[', '{a: ', '- ', '? ', 'a: &a '])('refuses twenty thousand levels of %j', (opening) => {
    const result = parse(filled(opening, Math.min(20_000 * opening.length, SIZE)))
    expect('faults' in result && result.faults).toMatchObject([{ place: { line: 1 } }])
  })

  it('takes as many levels as a stack file can have, and refuses the rest in words', () => {
    const nested = (levels: number) =>
      `functions: {a: {lang: x, handler: .}}\nx: ${'['.repeat(levels)}${']'.repeat(levels)}`
    expect(parse(nested(10))).toHaveProperty('stack')
    expect(parse(nested(40))).toMatchObject({
      faults: [{ message: 'more than 32 lists and maps stand inside one another: take some away' }],
    })
  })

  it('does not follow aliases: a bomb of them is a fault each', () => {
    const layers = Array.from({ length: 12 }, (_, index) => {
      const inside = index === 0 ? 'lol' : `*l${index - 1}`
      return `l${index}: &l${index} [${Array.from({ length: 10 }, () => inside).join(', ')}]`
    })
    const result = parse(`${layers.join('\n')}\nfunctions: {a: {lang: x, handler: .}}`)
    expect('faults' in result && result.faults).toHaveLength(51)
  })

  it('leaves the process’s stack traces as they were', () => {
    const before = Error.stackTraceLimit
    expectAnAnswer('a: b: c')
    expect(Error.stackTraceLimit).toBe(before)
  })

  it('takes the largest stack that people write', () => {
    const functions = Array.from({ length: 100 }, (_, index) => LARGE.replace('NAME', `function-${index}`))
    const text = `functions:\n${functions.join('')}`
    expect(text.length).toBeGreaterThan(SIZE * 0.8)
    expect(parse(text)).toHaveProperty('stack')
  })
})

describe('a key __proto__', () => {
  const places = (key: string) => [
    `${key}: {polluted: yes}\n${GOOD}`,
    `functions: {${key}: {lang: x, handler: .}}`,
    `functions: {a: {lang: x, handler: ., ${key}: {polluted: yes}}}`,
    `functions: {a: {lang: x, handler: ., environment: {${key}: {polluted: yes}}}}`,
    `functions: {a: {lang: x, handler: ., labels: {${key}: polluted}}}`,
    `functions: {a: {lang: x, handler: ., limits: {${key}: {memory: 1Gi}}}}`,
    `configuration: {${key}: {copy: [polluted]}}\n${GOOD}`,
  ]

  it.each([...places('__proto__'), ...places('"__proto__"'), ...places('"\\u005f_proto__"')])(
    'is refused in %j',
    (text) => {
      const result = parse(text)
      expect('faults' in result && result.faults.map((fault) => fault.message)).toEqual([
        expect.stringContaining('__proto__ is a name that no key can have'),
      ])
      expect(Object.prototype).not.toHaveProperty('polluted')
    },
  )

  it('is refused in an environment file', () => {
    expect(parseEnvironmentFile('environment: {__proto__: x}', 'env.yml')).toHaveProperty('faults')
  })

  it('has harmless relatives', () => {
    const result = parse(
      'functions: {a: {lang: x, handler: ., environment: {constructor: x, prototype: y, toString: z}}}',
    )
    expect('stack' in result && result.stack.functions[0]?.environment).toEqual({
      constructor: 'x',
      prototype: 'y',
      toString: 'z',
    })
  })

  it('is not taken for a variable of the caller', () => {
    const result = parse(`functions: {a: {lang: x, handler: ., fprocess: "x\${constructor}\${__proto__}"}}`)
    expect('stack' in result && result.stack.functions[0]?.fprocess).toBe('x')
  })
})

describe('every name that is accepted', () => {
  it('is a DNS label that nothing in an engine or a host name can be mistaken for', () => {
    const letters = fc.constantFrom(...'abz09-_.AÄ/\\ \u0000'.split(''))
    const name = fc.oneof(
      fc.string({ unit: letters, minLength: 1, maxLength: 70 }),
      fc.stringMatching(/^[a-z0-9-]{1,64}$/),
    )
    fc.assert(
      fc.property(name, (written) => {
        const result = parse(`functions: {${JSON.stringify(written)}: {lang: x, handler: .}}`)
        expect('stack' in result).toBe(FunctionName.safeParse(written).success)
        if (!('stack' in result)) return
        expect(result.stack.functions[0]?.name).toBe(written)
        expect(written).toMatch(/^(?!.*--)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
      }),
      { seed, numRuns: 2000 },
    )
  })
})

const GOOD = `version: 1.0
provider: {name: openfaas}
functions:
  hello:
    lang: node24
    handler: ./hello
    environment: {A: "\${A:-b}", B: 1}
    secrets: [a, b]
    limits: {memory: 128Mi}
`

const LARGE = `  NAME:
    lang: python3-http
    handler: ./functions/some-folder/NAME
    image: \${REGISTRY:-ghcr.io/some-organisation}/NAME:latest
    environment:
      LOG_LEVEL: \${LOG_LEVEL:-info}
      DATABASE_HOST: database.internal.example.com
      exec_timeout: 1m30s
      write_timeout: 1m30s
    secrets:
      - database-password
      - api-key
    labels:
      com.openfaas.scale.min: 1
      com.openfaas.scale.max: 10
    annotations:
      topic: cron-function
      schedule: "*/5 * * * *"
    limits:
      memory: 256Mi
      cpu: 500m
`
