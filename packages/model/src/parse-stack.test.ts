import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseStack } from './parse-stack.ts'
import { Stack, type StackFunction } from './stack.ts'

const parsed = (text: string, env?: Record<string, string>) => {
  const result = parseStack(text, { file: 'stack.yml', ...(env && { env }) })
  if ('faults' in result) throw new Error(`refused: ${result.faults.map((fault) => fault.message).join('; ')}`)
  return result
}

const onlyFunction = (text: string, env?: Record<string, string>): StackFunction => {
  const [fn, ...others] = parsed(text, env).stack.functions
  if (!fn || others.length > 0) throw new Error('not one function')
  return fn
}

const hello = (lines: string) => `functions:\n  hello:\n    lang: node24\n    handler: ./hello\n${lines}`

describe('parseStack', () => {
  it('reads the smallest stack, with nothing made up', () => {
    const { stack, warnings } = parsed(hello(''))
    expect(warnings).toEqual([])
    expect(stack).toEqual({
      file: 'stack.yml',
      templates: [],
      functions: [
        {
          name: 'hello',
          lang: 'node24',
          handler: './hello',
          environment: {},
          environmentFiles: [],
          buildArgs: {},
          buildOptions: [],
          copy: [],
          secrets: [],
          labels: {},
          annotations: {},
          limits: {},
          requests: {},
          constraints: [],
          skipBuild: false,
          place: { line: 2, column: 3 },
          places: { lang: { line: 3, column: 5 }, handler: { line: 4, column: 5 } },
        },
      ],
    })
  })

  it('gives what the schema of a stack says', () => {
    const { stack } = parsed(hello('    image: me/hello\n    readonly_root_filesystem: false\n'))
    expect(Stack.parse(stack)).toEqual(stack)
  })

  it('keeps numbers and truth values of an environment as they were written', () => {
    const fn = onlyFunction(
      hello('    environment: {A: 1.10, B: 0755, C: True, D: 1e3, E: .inf, F: , G: "x", H: 2024-01-01}'),
    )
    expect(fn.environment).toEqual({
      A: '1.10',
      B: '0755',
      C: 'True',
      D: '1e3',
      E: '.inf',
      F: '',
      G: 'x',
      H: '2024-01-01',
    })
  })

  it.each([
    ['Dockerfile', 'dockerfile'],
    ['DOCKERFILE', 'dockerfile'],
    ['dockerfile', 'dockerfile'],
    ['python3-http', 'python3-http'],
  ])('reads lang %s as %s', (written, lang) => {
    expect(onlyFunction(`functions: {hello: {lang: ${written}, handler: .}}`).lang).toBe(lang)
  })

  it('needs neither lang nor handler for an image that is built already', () => {
    const image = `ghcr.io:443/a/b_c:1.0@sha256:${'0'.repeat(64)}`
    const fn = onlyFunction(`functions: {hello: {skip_build: true, image: "${image}"}}`)
    expect(fn).toMatchObject({ skipBuild: true, image, lang: '', handler: '' })
  })

  it('adds the folders that every function gets to those of its own', () => {
    const fn = onlyFunction(`${hello('    copy: [./own]\n')}configuration: {copy: [./common]}`)
    expect(fn.copy).toEqual(['./common', './own'])
  })

  it('takes a path that goes up and stays inside', () => {
    expect(onlyFunction('functions: {f: {lang: node24, handler: ./a/../b}}').handler).toBe('./a/../b')
  })

  it('reads files with a byte order mark and with Windows line ends', () => {
    const fn = onlyFunction(`\uFEFF${hello('    secrets: [a]\n').replaceAll('\n', '\r\n')}`)
    expect(fn).toMatchObject({ handler: './hello', secrets: ['a'], places: { secrets: { line: 5, column: 5 } } })
  })

  describe('substitution', () => {
    it('puts in what the caller gives, and the default otherwise', () => {
      const text = hello(
        `    environment: {A: "\${A:-x}", B: "\${B:-x}", C: "\${C:-x}"}\n    limits: {memory: "\${MEM:-64Mi}"}`,
      )
      const fn = onlyFunction(text, { A: 'given', B: '', MEM: '1Gi' })
      expect(fn.environment).toEqual({ A: 'given', B: 'x', C: 'x' })
      expect(fn.limits).toEqual({ memoryMiB: 1024 })
    })

    it('reads typed keys after it', () => {
      const fn = onlyFunction(hello(`    skip_build: \${SKIP:-false}\n    readonly_root_filesystem: \${RO}\n`), {
        RO: 'true',
      })
      expect(fn).toMatchObject({ skipBuild: false, isRootReadOnly: true })
    })

    it('never lets a value become structure', () => {
      const fn = onlyFunction(hello(`    environment:\n      A: \${A}\n`), { A: 'x\n    secrets: [stolen]\n' })
      expect(fn.environment).toEqual({ A: 'x\n    secrets: [stolen]\n' })
      expect(fn.secrets).toEqual([])
    })

    it('knows nothing of the process it runs in', () => {
      const { stack, warnings } = parsed(hello(`    environment: {A: "\${PATH}"}`))
      expect(stack.functions[0]?.environment).toEqual({ A: '' })
      expect(warnings.map((warning) => warning.message)).toEqual([
        `functions.hello.environment.A names "\${PATH}", which has no value here and no default: it is read as nothing`,
      ])
    })

    it('leaves keys as they are', () => {
      expect(
        parseStack(`functions: {"\${A}": {lang: x, handler: .}}`, { file: 'stack.yml', env: { A: 'a' } }),
      ).toHaveProperty('faults')
    })
  })

  describe('warnings', () => {
    const messages = (text: string) => parsed(text).warnings.map(({ place, message }) => [place?.line, message])

    it('tell of unknown keys and what was most likely meant', () => {
      const text = `x-mine: 1
provider: {name: faas, gatway: x}
functions:
  hello:
    lang: node24
    handler: .
    secret: [a]
    enviroment: {A: b}
    readOnlyRootFilesystem: true
    somethingElse: 1
    limits: {mem: 5, memroy: 5Mi}
    namespace: mine
configuration: {templates: [{name: a, url: x}], copies: []}
`
      expect(messages(text)).toEqual([
        [1, 'x-mine is unknown and passed over'],
        [2, 'provider.name is "faas", not “openfaas” or “pushfn”: it is read as “openfaas”'],
        [2, 'provider.gatway is unknown and passed over: did you mean “gateway”?'],
        [7, 'functions.hello.secret is unknown and passed over: did you mean “secrets”?'],
        [8, 'functions.hello.enviroment is unknown and passed over: did you mean “environment”?'],
        [
          9,
          'functions.hello.readOnlyRootFilesystem is unknown and passed over: did you mean “readonly_root_filesystem”?',
        ],
        [10, 'functions.hello.somethingElse is unknown and passed over'],
        [11, 'functions.hello.limits.mem is unknown and passed over'],
        [11, 'functions.hello.limits.memroy is unknown and passed over: did you mean “memory”?'],
        [12, 'functions.hello.namespace is passed over: every tenant has one namespace'],
        [13, 'configuration.templates.0.url is unknown and passed over'],
        [13, 'configuration.copies is unknown and passed over'],
      ])
    })
  })

  describe('stack files as OpenFaaS publishes them', () => {
    it('reads two functions and a provider', () => {
      const { stack, warnings } = parsed(`version: 1.0
provider:
  name: openfaas
  gateway: http://127.0.0.1:8080

functions:
  fn1:
    lang: go
    handler: ./fn1
    image: fn1:latest
  fn2:
    lang: go
    handler: ./fn2
    image: fn2:latest
`)
      expect(stack.functions.map(({ name, image }) => [name, image])).toEqual([
        ['fn1', 'fn1:latest'],
        ['fn2', 'fn2:latest'],
      ])
      expect(warnings).toEqual([])
    })

    it('reads a Python function with build arguments, secrets and times', () => {
      const fn = onlyFunction(`functions:
  pgfn:
    lang: python3-http-debian
    handler: ./pgfn
    image: \${SERVER:-ttl.sh}/\${OWNER:-openfaas}/pgfn:latest
    build_args:
      ADDITIONAL_PACKAGE: "libpq-dev gcc"
      TEST_ENABLED: false
    build_options:
    - ca-certificates
    environment:
      exec_timeout: 1m
    secrets:
      - s3_access_key
      - s3_secret_key
      - db-password
`)
      expect(fn).toMatchObject({
        image: 'ttl.sh/openfaas/pgfn:latest',
        buildArgs: { ADDITIONAL_PACKAGE: 'libpq-dev gcc', TEST_ENABLED: 'false' },
        buildOptions: ['ca-certificates'],
        secrets: ['s3_access_key', 's3_secret_key', 'db-password'],
      })
    })

    it('reads limits, requests, constraints, labels and annotations', () => {
      const fn = onlyFunction(`functions:
  url-ping:
    lang: python
    handler: ./sample/url-ping
    image: alexellis/faas-url-ping:0.2
    fprocess: python index.py
    environment_file:
      - file1.yml
      - file2.yml
    environment:
      http_proxy: http://proxy1.corp.com:3128
      no_proxy: http://gateway/
    limits:
      memory: 40Mi
      cpu: 100m
    requests:
      memory: 20Mi
      cpu: 100m
    constraints:
      - "node.platform.os == linux"
    labels:
      canary: true
      Git-Owner: alexellis
    annotations:
      topic: "kafka.payments-received"
      expire-date: "Wed Aug  8 07:40:18 BST 2018"
    readonly_root_filesystem: true
`)
      expect(fn).toMatchObject({
        fprocess: 'python index.py',
        environmentFiles: ['file1.yml', 'file2.yml'],
        limits: { memoryMiB: 40, cpuMillis: 100 },
        requests: { memoryMiB: 20, cpuMillis: 100 },
        constraints: ['node.platform.os == linux'],
        labels: { canary: 'true', 'Git-Owner': 'alexellis' },
        annotations: { topic: 'kafka.payments-received', 'expire-date': 'Wed Aug  8 07:40:18 BST 2018' },
        isRootReadOnly: true,
      })
    })

    it('reads templates with and without a source', () => {
      const { stack } = parsed(`functions:
  cows:
    lang: node22
    handler: ./cows
configuration:
  templates:
    - name: node22
    - name: golang-middleware
      source: https://github.com/openfaas/golang-http-template
  copy:
    - ./common
`)
      expect(stack.templates).toEqual([
        { name: 'node22' },
        { name: 'golang-middleware', source: 'https://github.com/openfaas/golang-http-template' },
      ])
    })

    it('reads a Dockerfile function of Swarm days', () => {
      const fn = onlyFunction(`provider:
  name: openfaas
  network: "func_functions"
functions:
  nodeinfo:
    lang: Dockerfile
    skip_build: false
    handler: ./nodeinfo
    image: functions/nodeinfo
    limits: {memory: 40m}
`)
      expect(fn).toMatchObject({ lang: 'dockerfile', limits: { memoryMiB: 40 } })
    })
  })

  it('reads the example of the documentation, which names every key', () => {
    const page = readFileSync(new URL('../../../docs/stack-yml.md', import.meta.url), 'utf8')
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => parsed(text ?? ''))
    expect(examples).toHaveLength(2)
    const [fn] = examples[1]?.stack.functions ?? []
    expect(fn).toMatchObject({
      image: 'docker.io/me/hello:latest',
      environment: {
        LOG_LEVEL: 'info',
        DEBUG: 'false',
        read_timeout: '30s',
        write_timeout: '30s',
        exec_timeout: '1m30s',
      },
      environmentFiles: ['./hello/env.yml'],
      copy: ['./common', './shared'],
      limits: { memoryMiB: 128, cpuMillis: 500 },
      isRootReadOnly: true,
    })
    expect(examples[1]?.warnings.map((warning) => warning.message)).toEqual([
      'functions.hello.namespace is passed over: every tenant has one namespace',
    ])
  })
})
