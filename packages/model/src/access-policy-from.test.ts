import { describe, expect, it } from 'vitest'
import { AccessPolicy } from './access-policy.ts'
import { accessPolicyFrom } from './access-policy-from.ts'
import { parseStack } from './parse-stack.ts'

const policyOf = (annotations: Record<string, string>) => {
  const { policy, problems } = accessPolicyFrom(annotations)
  expect(problems).toEqual([])
  expect(AccessPolicy.parse(policy)).toEqual(policy)
  return policy
}
const problemsOf = (annotations: Record<string, string>) =>
  accessPolicyFrom(annotations).problems.map(({ key, message }) => `${key} ${message}`)

describe('accessPolicyFrom', () => {
  it('leaves a function open and without limits that says nothing', () => {
    expect(policyOf({ topic: 'cron-function', author: 'token', token: 'token' })).toEqual(AccessPolicy.parse({}))
  })

  it('reads what is said', () => {
    expect(
      policyOf({
        auth: 'token',
        'pushfn.cloud/requests-per-second': '0.5',
        'pushfn.cloud/burst': '20',
        'pushfn.cloud/concurrent-requests': '8',
        'pushfn.cloud/max-body': '512Ki',
        'pushfn.cloud/max-headers': '4096',
      }),
    ).toEqual({
      auth: 'token',
      cors: null,
      limits: { requestsPerSecond: 0.5, burst: 20, concurrentRequests: 8 },
      maxBodyBytes: 524_288,
      maxHeaderBytes: 4096,
    })
  })

  it('fills in what pages usually need', () => {
    expect(policyOf({ 'pushfn.cloud/cors-origins': '*' }).cors).toEqual({
      origins: ['*'],
      methods: ['GET', 'HEAD', 'POST'],
      headers: ['authorization', 'content-type'],
      exposedHeaders: [],
      areCredentialsAllowed: false,
      maxAgeSeconds: 600,
    })
  })

  it('reads lists with commas', () => {
    expect(
      policyOf({
        'pushfn.cloud/cors-origins': 'https://app.example.com, http://localhost:5173',
        'pushfn.cloud/cors-methods': 'GET,PUT',
        'pushfn.cloud/cors-headers': 'X-Mine, Content-Type',
        'pushfn.cloud/cors-exposed-headers': 'X-Call-Id',
        'pushfn.cloud/cors-credentials': 'true',
        'pushfn.cloud/cors-max-age': '1h',
      }).cors,
    ).toEqual({
      origins: ['https://app.example.com', 'http://localhost:5173'],
      methods: ['GET', 'PUT'],
      headers: ['x-mine', 'content-type'],
      exposedHeaders: ['X-Call-Id'],
      areCredentialsAllowed: true,
      maxAgeSeconds: 3600,
    })
  })

  it.each(['', 'Token', 'tokens', 'none', 'false', 'key', ' token'])('refuses auth: %j', (value) => {
    expect(problemsOf({ auth: value })).toEqual([
      `auth must be “token”, or not there at all, but is ${JSON.stringify(value)}`,
    ])
  })

  it.each(['Auth', 'AUTH', 'pushfn.cloud/auth', 'com.openfaas/auth', 'auht', 'ath', 'auths'])(
    'refuses %s: token, by which the function would be open',
    (key) => {
      expect(problemsOf({ [key]: 'token' })).toEqual([`${key} is not known: did you mean “auth”?`])
    },
  )

  it('refuses a slip in the name of a limit', () => {
    expect(problemsOf({ 'pushfn.cloud/request-per-second': '5' })).toEqual([
      'pushfn.cloud/request-per-second is not known: did you mean “pushfn.cloud/requests-per-second”?',
    ])
    expect(problemsOf({ 'pushfn.cloud/something-else': '5' })).toEqual([])
  })

  it.each([
    ['requests-per-second', '0'],
    ['requests-per-second', '-1'],
    ['requests-per-second', '1e3'],
    ['requests-per-second', '10/s'],
    ['requests-per-second', '0.0001'],
    ['requests-per-second', '9999999'],
    ['concurrent-requests', '0'],
    ['concurrent-requests', '1.5'],
    ['max-body', '0'],
    ['max-body', '10 MB of data'],
    ['max-headers', '12'],
    ['cors-origins', ''],
    ['cors-origins', 'app.example.com'],
    ['cors-origins', 'https://app.example.com/'],
    ['cors-origins', 'https://App.example.com'],
    ['cors-origins', 'https://app.example.com:443'],
    ['cors-origins', 'https://user@app.example.com'],
    ['cors-origins', 'https://*.example.com'],
    ['cors-origins', '*, https://app.example.com'],
    ['cors-origins', 'null'],
    ['cors-origins', 'https://a.example.com\r\nx: y'],
  ])('refuses %s: %j', (name, value) => {
    expect(problemsOf({ [`pushfn.cloud/${name}`]: value })).toHaveLength(1)
  })

  it.each([
    ['cors-methods', 'get'],
    ['cors-methods', 'GET POST'],
    ['cors-headers', 'X Mine'],
    ['cors-headers', 'x:y'],
    ['cors-credentials', 'yes'],
    ['cors-max-age', 'soon'],
  ])('refuses %s: %j', (name, value) => {
    expect(problemsOf({ 'pushfn.cloud/cors-origins': '*', [`pushfn.cloud/${name}`]: value })).toHaveLength(1)
  })

  it('refuses “*” beside credentials, wherever it stands', () => {
    const credentials = { 'pushfn.cloud/cors-credentials': 'true' }
    expect(problemsOf({ ...credentials, 'pushfn.cloud/cors-origins': '*' })).toHaveLength(1)
    const origins = { 'pushfn.cloud/cors-origins': 'https://app.example.com' }
    expect(problemsOf({ ...credentials, ...origins, 'pushfn.cloud/cors-headers': '*' })).toEqual([
      'pushfn.cloud/cors-headers may not be “*” beside pushfn.cloud/cors-credentials: name them',
    ])
  })

  it('refuses what would mean nothing', () => {
    expect(problemsOf({ 'pushfn.cloud/burst': '5' })).toHaveLength(1)
    expect(problemsOf({ 'pushfn.cloud/cors-methods': 'GET' })).toHaveLength(1)
  })

  it('is told as a fault of the stack, at its line and column', () => {
    const text = `functions:\n  hello:\n    lang: node24\n    handler: ./hello\n    annotations:\n      topic: a\n      auth: key\n`
    expect(parseStack(text, { file: 'stack.yml' })).toEqual({
      faults: [
        {
          message: 'functions.hello.annotations.auth must be “token”, or not there at all, but is "key"',
          place: { file: 'stack.yml', line: 7, column: 7, key: 'functions.hello.annotations.auth' },
        },
      ],
    })
  })
})
