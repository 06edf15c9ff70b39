import { expect, test } from 'vitest'
import { unavailableImage } from './unavailable-image.ts'

const failed = (said: string) => `failed to solve with frontend dockerfile.v0: failed to create LLB definition: ${said}`
const lookup = (url: string) => `failed to do request: Head "${url}": dial tcp: lookup x on 10.0.0.53:53: no such host`

test.each([
  [
    'FROM node:99',
    lookup('https://registry-1.docker.io/v2/library/node/manifests/99'),
    1,
    /registry of node:99 does not/,
  ],
  [
    'FROM a AS b\nFROM acme/base:1',
    lookup('https://registry-1.docker.io/v2/acme/base/manifests/1'),
    2,
    /acme\/base:1 does/,
  ],
  ['\nFROM r.example.com/x:1', 'r.example.com/x:1: not found', 2, /^there is no image r\.example\.com\/x:1/],
  [
    'FROM acme/secret',
    'pull access denied, repository does not exist or may require authorization',
    1,
    /^acme\/secret does not exist or is private/,
  ],
  [
    'FROM scratch\nCOPY --from=acme/secret /a /a',
    'docker.io/acme/secret:latest: pull access denied, repository does not exist or may require authorization',
    2,
    /^acme\/secret does not exist or is private/,
  ],
  ['FROM x', 'dockerfile parse error line 1: unknown instruction: FORM', undefined, undefined],
])('%j with %j', (dockerfile, said, line, message) => {
  const found = unavailableImage(failed(said), dockerfile)
  expect(found?.line).toBe(line)
  if (message) expect(found?.message).toMatch(message)
  else expect(found).toBeUndefined()
})

test('a step that failed is no image that cannot be had', () => {
  expect(unavailableImage('process "/bin/sh -c false" did not complete successfully: exit code: 1', 'FROM x')).toBe(
    undefined,
  )
})
