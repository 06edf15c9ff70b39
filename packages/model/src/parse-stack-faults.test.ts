import { describe, expect, it } from 'vitest'
import { faultText } from './errors.ts'
import { parseStack } from './parse-stack.ts'

const faultsOf = (text: string, env: Record<string, string> = {}): string[] => {
  const result = parseStack(text, { file: 'stack.yml', env })
  return 'faults' in result ? result.faults.map(faultText) : []
}

const hello = (line: string) => `functions:\n  hello:\n    lang: node24\n    handler: ./hello\n    ${line}\n`

const ofFile: Record<string, [text: string, ...faults: string[]]> = {
  'an empty file': ['', 'stack.yml:1:1: the file is empty: name at least one function under “functions:”'],
  'a file of comments': [
    '# nothing\n',
    'stack.yml:1:1: the file is empty: name at least one function under “functions:”',
  ],
  'a file that is a list': ['- a\n', 'stack.yml:1:1: the file must be a map of keys, with “functions:” among them'],
  'a file that is text': ['hello\n', 'stack.yml:1:1: the file must be a map of keys, with “functions:” among them'],
  'no functions': [
    'version: 1.0\n',
    'stack.yml:1:1: functions is missing: name at least one function under “functions:”',
  ],
  'functions that is empty': [
    'version: 1.0\nfunctions:\n',
    'stack.yml:2:1: functions is empty: name at least one function under it',
  ],
  'functions that is an empty map': [
    'functions: {}\n',
    'stack.yml:1:1: functions is empty: name at least one function under it',
  ],
  'functions that is a list': ['functions: [a]\n', 'stack.yml:1:1: functions must be a map of names and functions'],
  'two functions of one name': [
    'functions:\n  hello:\n    lang: node24\n    handler: ./a\n  other: {lang: node24, handler: .}\n  hello:\n    lang: node24\n    handler: ./b\n',
    'stack.yml:6:3: functions.hello stands twice, on line 2 and on line 6: keep one of them, or give one another name',
  ],
  'broken YAML': [
    'functions:\n  hello:\n    lang: node24\n    handler: [./hello\n',
    'stack.yml:5:1: the file is no valid YAML here: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  'two colons in a line': [
    'functions:\n  hello: lang: node24\n',
    'stack.yml:2:10: the file is no valid YAML here: Nested mappings are not allowed in compact mappings (a second “: ” on the line? put the value in quotes)',
  ],
  'a tab for an indent': [
    'functions:\n\thello:\n',
    'stack.yml:2:1: the file is no valid YAML here: Tabs are not allowed as indentation (indent with spaces)',
  ],
  'two documents': [
    'functions: {a: {lang: x, handler: .}}\n---\nfunctions: {}\n',
    'stack.yml:2:1: a second YAML document begins here: only one is read, take the “---” and what follows away',
  ],
  'an anchor and its alias': [
    'functions:\n  a: &a {lang: x, handler: .}\n  b: *a\n',
    'stack.yml:2:3: functions.a has the anchor "&a", which is not read here: take it away',
    'stack.yml:3:3: functions.b is the alias "*a", which is not read here: write the value out',
  ],
  'a merge key': [
    'functions:\n  a: {lang: x, handler: ., <<: {secrets: [a]}}\n',
    'stack.yml:2:28: functions.a.<< is a merge key, which is not read here: write the keys out',
  ],
  'a tag': [
    'functions:\n  a: {lang: !!binary eA==, handler: .}\n',
    'stack.yml:2:7: functions.a.lang has the tag "tag:yaml.org,2002:binary", which is not read here: take it away',
  ],
  'a key that is a list': [
    'functions:\n  ? [a]\n  : {lang: x, handler: .}\n  a: {lang: x, handler: .}\n',
    'stack.yml:2:5: functions has a key that is no text',
  ],
  'a key __proto__': [
    'functions:\n  a: {lang: x, handler: ., environment: {__proto__: x}}\n',
    'stack.yml:2:42: functions.a.environment.__proto__ is a name that no key can have',
  ],
  'another version': [
    'version: 2.0\nfunctions: {a: {lang: x, handler: .}}\n',
    'stack.yml:1:1: version must be 1.0, but is the number 2.0',
  ],
  'a function that is empty': [
    'functions:\n  hello:\n',
    'stack.yml:2:3: functions.hello must be a map of keys, but is empty',
  ],
  'a function that is a number': [
    'functions:\n  hello: 5\n',
    'stack.yml:2:3: functions.hello must be a map of keys, but is the number 5',
  ],
  'a function without lang and handler': [
    'functions:\n  hello: {secrets: [a]}\n',
    'stack.yml:2:3: functions.hello.lang is missing: name a template, as in node24',
    'stack.yml:2:3: functions.hello.handler is missing: name the folder of the handler, as in ./hello',
  ],
  'a ready image that is not named': [
    'functions:\n  hello: {skip_build: true}\n',
    'stack.yml:2:3: functions.hello.image is missing: skip_build needs an image that is built already',
  ],
  'a ready image that is none': [
    'functions:\n  hello: {skip_build: true, image: "-v /:/host"}\n',
    'stack.yml:2:29: functions.hello.image must be an image, as in ghcr.io/me/hello:1.0, but is "-v /:/host"',
  ],
}

const ofLine: Record<string, [line: string, fault: string]> = {
  'text that is a list': ['fprocess: [a]', 'fprocess must be text, but is a list'],
  'text that is a map': ['fprocess: {a: b}', 'fprocess must be text, but is a map of keys'],
  'text that is a number': ['fprocess: 010', 'fprocess must be text, but is the number 010: put it in quotes, "010"'],
  'text that is a truth value': ['fprocess: true', 'fprocess must be text, but is true: put it in quotes, "true"'],
  'empty text': ['fprocess: ""', 'fprocess must be text, but is empty'],
  'a list that is text': ['secrets: a', 'secrets must be a list, one “- ” line each, but is the text "a"'],
  'a list that is a map': [
    'environment_file: {a: b}',
    'environment_file must be a list, one “- ” line each, but is a map of keys',
  ],
  'an environment that is a list': [
    'environment: [A=b]',
    'environment must be a map of names and values, but is a list',
  ],
  'a limit that is text': ['limits: 128Mi', 'limits must be a map of keys, but is the text "128Mi"'],
  'no truth value': ['skip_build: perhaps', 'skip_build must be true or false, but is the text "perhaps"'],
  'a number for a truth value': [
    'readonly_root_filesystem: 1',
    'readonly_root_filesystem must be true or false, but is the number 1',
  ],
}

const inLine: Record<string, [line: string, fault: string]> = {
  'a list item that is a list': ['secrets: [[a]]', 'secrets.0 must be text, but is a list'],
  'a secret that is a path': [
    'secrets: [../x]',
    'secrets.0 must be the name of a secret (lower-case letters, digits, “-”, “_” and “.”), but is "../x"',
  ],
  'a value that is a list': ['environment: {A: [b]}', 'environment.A must be text, but is a list'],
  'a variable with a bad name': [
    'environment: {1A: b}',
    'environment.1A is no name of a variable: letters, digits and “_”, no digit first',
  ],
  'a build argument with a bad name': [
    'build_args: {"A=b --x": c}',
    'build_args.A=b --x is no name of a variable: letters, digits and “_”, no digit first',
  ],
  'NUL in a value': ['environment: {A: "x\\0y"}', 'environment.A holds a NUL character: take it out'],
  'half a character': [
    'environment: {A: "\\uD800"}',
    'environment.A holds half a character (a lone surrogate): take it out',
  ],
  'a label with a space': [
    'labels: {a: "x y"}',
    'labels.a must be at most 63 letters, digits, “-”, “_” and “.”, but is "x y": longer texts go under annotations',
  ],
  'a label with a bad name': [
    'labels: {"a b": x}',
    'labels.a b is no name of a label: at most 63 letters, digits, “-”, “_” and “.”, as in com.openfaas.scale.min',
  ],
  'no amount of memory': [
    'limits: {memory: lots}',
    'limits.memory must be an amount of memory, as in 128Mi, but is the text "lots"',
  ],
  'infinite memory': [
    'limits: {memory: .inf}',
    'limits.memory must be an amount of memory, as in 128Mi, but is the number .inf',
  ],
  'no number for memory': [
    'limits: {memory: .nan}',
    'limits.memory must be an amount of memory, as in 128Mi, but is the number .nan',
  ],
  'memory beyond numbers': [
    'limits: {memory: 1e400}',
    'limits.memory must be an amount of memory, as in 128Mi, but is the number 1e400',
  ],
  'negative memory': [
    'limits: {memory: -1}',
    'limits.memory must be an amount of memory, as in 128Mi, but is the number -1',
  ],
  'bytes where MiB were meant': [
    'limits: {memory: 128}',
    'limits.memory must be between 6Mi and 1Ti, as in 128Mi, but is the number 128',
  ],
  'no amount of cores': [
    'limits: {cpu: fast}',
    'limits.cpu must be an amount of cores, as in 500m, but is the text "fast"',
  ],
  'no cores': ['limits: {cpu: 0}', 'limits.cpu must be between 10m and 1000, as in 500m, but is the number 0'],
  'a request above its limit': [
    'limits: {memory: 64Mi}\n    requests: {memory: 65Mi}',
    'requests.memory must be at most functions.hello.limits.memory',
  ],
  'substitution that is not understood': [
    `environment: {A: "x\${B^^}"}`,
    `environment.A holds "\${B^^}", which is not understood: write \${NAME} or \${NAME:-default}, and $\${ for a literal \${`,
  ],
  'a value that an escape sequence hides in': [
    'limits: {cpu: "\\e[31m\\nok\\u202E"}',
    'limits.cpu must be an amount of cores, as in 500m, but is the text "\\u001b[31m\\u000aok\\u202e"',
  ],
}

describe('parseStack refuses', () => {
  it.each(Object.entries(ofFile))('%s', (_, [text, ...faults]) => {
    expect(faultsOf(text)).toEqual(faults)
  })

  it.each(Object.entries(ofLine))('%s', (_, [line, fault]) => {
    expect(faultsOf(hello(line))).toEqual([`stack.yml:5:5: functions.hello.${fault}`])
  })

  it.each(Object.entries(inLine))('%s', (_, [line, fault]) => {
    const [found = '', ...others] = faultsOf(hello(line))
    expect(others).toEqual([])
    expect(found.replace(/^stack\.yml:[56]:\d+: /, '')).toBe(`functions.hello.${fault}`)
  })

  it.each(['../../etc', '/etc', 'a/../../b', '..', './a/../../../root/.ssh'])('the handler %s', (handler) => {
    expect(faultsOf(`functions:\n  hello:\n    lang: node24\n    handler: ${handler}\n`)).toEqual([
      `stack.yml:4:5: functions.hello.handler must be a path inside the repository, as in ./hello, but is "${handler}"`,
    ])
  })

  it.each(['handler', 'environment_file', 'copy'])('a path out of the repository under %s', (key) => {
    const value = key === 'handler' ? '../x' : '[../x]'
    expect(
      faultsOf(`functions: {f: {lang: x, handler: ., ${key}: ${value}}}`.replace('handler: ., handler', 'handler')),
    ).toHaveLength(1)
    expect(faultsOf(`functions: {f: {lang: x, handler: .}}\nconfiguration: {copy: [../x]}`)).toHaveLength(1)
  })

  it.each([
    ['Hello', 'the function name "Hello" is no DNS label: lower-case letters, digits and “-” only, not first or last'],
    ['a--b', 'the function name “a--b” holds “--”, which is kept for previews and revisions'],
    ['api', 'the function name “api” is reserved'],
    ['a.b', 'the function name "a.b" is no DNS label: lower-case letters, digits and “-” only, not first or last'],
    ['../x', 'the function name "../x" is no DNS label: lower-case letters, digits and “-” only, not first or last'],
    ['x'.repeat(64), `the function name “${'x'.repeat(20)}…” is longer than 63 characters`],
  ])('the function name %s', (name, fault) => {
    const result = parseStack(`functions:\n  ${name}: {lang: x, handler: .}\n`, { file: 'stack.yml' })
    expect('faults' in result && result.faults).toMatchObject([{ message: fault, place: { line: 2, column: 3 } }])
  })

  it('everything at once, in file order', () => {
    const text = `functions:
  Bad:
    lang: 5
    handler: [a]
    secrets: x
  good:
    lang: x
    handler: ../x
    environment: {1: a, B: [c]}
  good: {}
  worse: &a
    limits: {memory: x, cpu: y}
`
    const result = parseStack(text, { file: 'stack.yml' })
    const places = 'faults' in result ? result.faults.map(({ place }) => [place?.line, place?.key]) : []
    expect(places).toEqual([
      [2, 'functions.Bad'],
      [3, 'functions.Bad.lang'],
      [4, 'functions.Bad.handler'],
      [5, 'functions.Bad.secrets'],
      [8, 'functions.good.handler'],
      [9, 'functions.good.environment.1'],
      [9, 'functions.good.environment.B'],
      [10, 'functions.good'],
      [11, 'functions.worse'],
      [11, 'functions.worse.lang'],
      [11, 'functions.worse.handler'],
      [12, 'functions.worse.limits.memory'],
      [12, 'functions.worse.limits.cpu'],
    ])
  })

  it('more functions than a stack may have', () => {
    const functions = (count: number) =>
      `functions:\n${Array.from({ length: count }, (_, index) => `  f${index}: {lang: x, handler: .}\n`).join('')}`
    expect(faultsOf(functions(100))).toEqual([])
    expect(faultsOf(functions(101))).toEqual(['stack.yml:1:1: functions has 101 functions, and may have 100'])
  })

  it('to go on after fifty faults', () => {
    const variables = Array.from({ length: 80 }, (_, index) => `      ${index}: x`).join('\n')
    const faults = faultsOf(hello(`environment:\n${variables}`))
    expect(faults).toHaveLength(51)
    expect(faults[50]).toBe('stack.yml:56:7 functions.hello.environment.50: and 30 more from here on')
  })

  it('a value that grows beyond its bound by substitution', () => {
    const text = hello(`environment: {A: "${`\${A}`.repeat(5)}"}`)
    expect(faultsOf(text, { A: 'x'.repeat(6000) })).toEqual([])
    expect(faultsOf(text, { A: 'x'.repeat(8000) })).toEqual([
      'stack.yml:5:19: functions.hello.environment.A is longer than 32 KiB after substitution',
    ])
  })
})
