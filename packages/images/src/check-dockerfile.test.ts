// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have such variables.
import { describe, expect, test } from 'vitest'
import { dockerfileFaults } from './check-dockerfile.ts'

const faultsOf = (content: string, buildArgs: Record<string, string> = {}) =>
  dockerfileFaults(content, {
    file: 'hello/Dockerfile',
    buildArgs,
    tenantsPrefix: 'pushfn.local/',
    ownPrefix: 'pushfn.local/acme/',
  })
const linesOf = (content: string, buildArgs?: Record<string, string>) =>
  faultsOf(content, buildArgs).map((fault) => fault.place?.line)

describe('a Dockerfile passes that', () => {
  test.each([
    ['is plain', 'FROM node:24\nCOPY . .\nRUN npm ci\nCMD ["node", "."]'],
    [
      'has stages',
      'FROM golang:1.24 AS build\nRUN go build\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 /b /b',
    ],
    ['names its base by an argument', 'ARG VERSION=24\nFROM node:${VERSION}-slim\nRUN true'],
    ['names its base by a default', 'ARG VERSION\nFROM node:${VERSION:-24}\n'],
    ['stands on the tenant’s own image', 'FROM pushfn.local/acme/site-hello:latest-main-1234567'],
    ['mounts a cache', 'FROM node:24\nRUN --mount=type=cache,target=/root/.npm npm ci'],
    ['has no network', 'FROM node:24\nRUN --network=none make'],
    ['speaks of syntax in a later comment', 'FROM node:24\n# syntax = whatever\n'],
    ['has escape and check directives', '# escape=`\n# check=skip=all\nFROM node:24\nRUN a `\n b'],
    ['adds a local archive', 'FROM node:24\nADD src.tar.gz /src'],
  ])('%s', (_, content) => {
    expect(faultsOf(content)).toEqual([])
  })
})

describe('a Dockerfile is refused, with the line, that', () => {
  test.each([
    ['chooses a frontend', '# syntax=docker/dockerfile:1\nFROM a', [1]],
    ['does so with other case and spaces', '#   SynTax  =  evil/frontend\nFROM a', [1]],
    ['does so behind another directive', '# escape=`\n# syntax=evil/frontend\nFROM a', [2]],
    ['does so behind a byte order mark', '\uFEFF# syntax=evil/frontend\nFROM a', [1]],
    ['does so behind a #! line', '#!/usr/bin/env x\n# syntax=evil/frontend\nFROM a', [2]],
    ['does so in the // form', '// syntax=evil/frontend\nFROM a', [1]],
    ['does so in the JSON form', ' {"syntax": "evil/frontend"}\nFROM a', [1]],
    ['does so behind empty lines', '\n\n# syntax=evil/frontend\nFROM a', [3]],
    ['asks for privileges', 'FROM a\nRUN --security=insecure mount', [2]],
    [
      'asks for the host’s network',
      'FROM a\nrun --mount=type=tmpfs,target=/x \\\n  --network=host curl localhost',
      [2],
    ],
    ['asks for it after a comment in a continued line', 'FROM a\nRUN \\\n# no\n --network=host x', [2]],
    ['lets the builder fetch', 'FROM a\nADD http://169.254.169.254/latest /x', [2]],
    ['lets the builder fetch, as JSON', 'FROM a\nADD ["https://example.com/a", "/x"]', [2]],
    ['lets the builder fetch by git', 'FROM a\nADD git@github.com:a/b.git /x', [2]],
    ['lets the builder fetch what a variable says', 'FROM a\nARG U=http://x\nADD $U /x', [3]],
    ['stands on another tenant’s image', 'FROM pushfn.local/beta/site-hello:latest-main-1234567', [1]],
    ['stands on it by other case', 'FROM PUSHFN.local/beta/site-hello', [1]],
    ['stands on it in pieces', 'ARG A=pushfn.local\nARG B=beta\nFROM ${A}/${B}/x', [3]],
    ['stands on it for a platform', 'FROM --platform=linux/amd64 pushfn.local/beta/x', [1]],
    ['copies from it', 'FROM a\nCOPY --from=pushfn.local/beta/x /a /a', [2]],
    ['copies from it through quotes', 'FROM a\nCOPY --from="pushfn.local/beta/x" /a /a', [2]],
    ['mounts it', 'FROM a\nRUN --mount=type=bind,from=pushfn.local/beta/x,target=/m cp -r /m /n', [2]],
    ['mounts it on a child’s build', 'FROM a\nONBUILD RUN --mount=from=pushfn.local/beta/x,target=/m true', [2]],
    ['stands on an image by its id', 'FROM 4f2b1c9d8e7a', [1]],
    ['stands on an image by its whole id', `FROM sha256:${'ab'.repeat(32)}`, [1]],
    ['stands on what cannot be read', 'FROM $WHO_KNOWS', [1]],
    ['pulls from inside', 'FROM 127.0.0.1:5000/x\nFROM localhost/y\nFROM registry.localhost:1/z', [1, 2, 3]],
    ['hides it behind a here-document', 'FROM a\nRUN <<"E\\"\nx\nE\\\nFROM pushfn.local/beta/x', [5]],
    ['hides it behind a changed escape', '# escape=`\nFROM a\nRUN x \\\nADD http://a /b', [4]],
  ])('%s', (_, content, lines) => {
    expect(linesOf(content)).toEqual(lines)
  })

  test('names its base by a build argument of another tenant’s image', () => {
    expect(linesOf('ARG BASE=node:24\nFROM ${BASE}', { BASE: 'pushfn.local/beta/x' })).toEqual([2])
  })
})

test('two tenants: each may build upon its own images only', () => {
  const policy = (tenant: string) => ({
    file: 'Dockerfile',
    buildArgs: {},
    tenantsPrefix: 'registry.example.com/fn/',
    ownPrefix: `registry.example.com/fn/${tenant}/`,
  })
  const content = 'FROM registry.example.com/fn/a/site-hello:1'
  expect(dockerfileFaults(content, policy('a'))).toEqual([])
  expect(dockerfileFaults(content, policy('b'))).toHaveLength(1)
})
