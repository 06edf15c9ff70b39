// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have such variables.
import { describe, expect, test } from 'vitest'
import { checkDockerfile } from './check-dockerfile.ts'
import { imagePrefixes } from './plan-image.ts'

const faultsOf = (content: string, buildArgs: Record<string, string> = {}) =>
  checkDockerfile(content, { file: 'hello/Dockerfile', buildArgs, ...imagePrefixes(undefined, 'acme') }).faults
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

describe('what BuildKit reads otherwise than it looks is refused:', () => {
  const BETA = 'pushfn.local/beta/x'
  test.each([
    ['an image broken by a line’s end', 'FROM pushfn\\\n.local/beta/x', [1]],
    ['an image broken by a comment as well', 'FROM pushfn\\\n# c\n.local/beta/x', [1]],
    ['an image broken by a comment with spaces before it', 'FROM pushfn\\\n  # c\n.local/beta/x', [1]],
    ['an image broken by an empty line', 'FROM pushfn\\\n\n.local/beta/x', [1]],
    ['an image broken by more lines than are read', `FROM pushfn\\\n${'#\n'.repeat(200)}.local/beta/x`, [1]],
    ['an instruction’s name broken by a line’s end', `FR\\\nOM ${BETA}`, [1]],
    ['one broken by more lines than are read', `FR\\\n${'#\n'.repeat(200)}OM ${BETA}`, [1]],
    ['a flag’s name broken by a line’s end', `FROM a\nCOPY --fr\\\nom=${BETA} /a /a`, [2]],
    ['a flag’s value broken by a line’s end', 'FROM a\nCOPY --from=pushfn\\\n.local/beta/x /a /a', [2]],
    ['a flag’s dashes broken by a line’s end', 'FROM a\nRUN -\\\n-network=host x', [2]],
    ['--network broken by a line’s end', 'FROM a\nRUN --netw\\\nork=host x', [2]],
    [
      'a mount broken by more lines than are read',
      `FROM a\nRUN --mount=type=bind\\\n${'#\n'.repeat(200)},from=b x`,
      [2],
    ],
    ['the last value of an argument', `ARG X=ok\nARG X=${BETA}\nFROM $X`, [3]],
    ['a value of an argument that comes later', `FROM ok AS a\nARG X=${BETA}\nFROM $X`, [3]],
    ['an argument in an argument', `ARG A=pushfn.local/beta\nARG B=\${A}/x\nFROM \${B}`, [3]],
    ['an argument without a value', 'ARG Z=1\nFROM pushfn.lo${Z}cal/beta/x', [2]],
    ['an argument of an escaped value', 'ARG X=ok\nARG X=pushfn.lo\\cal/beta/x\nFROM $X', [3]],
    ['an argument of a value in pieces', 'ARG X=ok\nARG X=pushfn.lo"cal/beta/x"\nFROM $X', [3]],
    ['an argument of a broken value', 'ARG X=ok\nARG X=pushfn.lo\\\ncal/beta/x\nFROM $X', [4]],
    ['an argument whose name is quoted', `ARG X=ok\nARG "X"=${BETA}\nFROM $X`, [2]],
    ['an argument hidden by quotes of another', `ARG X=ok\nARG A=x"y B="z X=${BETA}\nFROM $X`, [3]],
    ['a default with what is not read', 'ARG X\nFROM ${X:-pushfn.lo\\cal/beta/x}', [2]],
    ['a pattern in a variable', 'ARG X=pushfn_local/beta/x\nFROM ${X/_/.}', [2]],
    ['an escape in an image', 'FROM pushfn.lo\\cal/beta/x', [1]],
    ['quotes in an image', 'FROM pushfn.lo"cal"/beta/x', [1]],
    ['an escape in a flag’s name', `FROM a\nCOPY --fr\\om=${BETA} /a /a`, [2]],
    ['quotes in a flag’s name', `FROM a\nCOPY --fr"om"=${BETA} /a /a`, [2]],
    ['quotes around a flag', `FROM a\nCOPY "--from=${BETA}" /a /a\nCOPY --"from"=${BETA} /a /a`, [3]],
    ['an escape in a flag’s value', 'FROM a\nCOPY --from=pushfn.lo\\cal/beta/x /a /a', [2]],
    ['quotes with spaces in a flag', 'FROM a\nCOPY --chown="a b" --from=x /a /a', [2]],
    ['a space that is none to us', `FROM a\nCOPY --chown=à--from=${BETA} /a /a`, [2]],
    ['two from in a mount', `FROM a\nRUN --mount=type=bind,from=scratch,from=${BETA},target=/m x`, [2]],
    ['from in capitals in a mount', `FROM a\nRUN --mount=type=bind,FROM=${BETA},target=/m x`, [2]],
    ['from in a second mount', `FROM a\nRUN --mount=type=tmpfs,target=/t --mount=from=${BETA},target=/m x`, [2]],
    ['two --from', `FROM a\nCOPY --from=a --from=${BETA} /a /a`, [2]],
    ['two --from that might both be', 'FROM x AS a\nCOPY --from=a --from=0 /a /a', [2]],
    ['two from that might both be', 'FROM a\nRUN --mount=type=bind,from=scratch,from=b,target=/m x', [2]],
    ['a variable in --from', `ARG X=${BETA}\nFROM a\nCOPY --from=$X /a /a`, [3]],
    ['a flag that nobody knows', 'FROM a\nRUN --device=all x', [2]],
    ['a line that ends in two escapes', `FROM a\nRUN x \\\\\nFROM ${BETA}`, [3]],
    ['a line that ends in two escapes, the other way', `FROM a\nRUN --mount=target=/m\\\\\n,from=${BETA} x`, [2]],
    ['a stage of a name that no stage has', `FROM a AS ${BETA}\nFROM ${BETA}`, [2]],
    ['a trigger with a letter that is small as i is', 'FROM a\nONBUİLD ADD http://x /y', [2]],
    ['a space before an instruction that is none to us', `\u0085FROM ${BETA}`, [1]],
    ['an id that a here-document’s stage hides', 'RUN <<X\nFROM a AS deadbeef0123\nX\nFROM deadbeef0123', [4]],
    ['a registry’s usual port', 'FROM pushfn.local:443/beta/x', [1]],
  ])('%s', (_, content, lines) => {
    expect(linesOf(content)).toEqual(lines)
  })
})

test('what is refused says how to write it', () => {
  const messages = faultsOf('FROM a\nRUN --netw\\\nork=host x\nCOPY --chown="a b" x /\nADD $X /y').map(
    (fault) => fault.message,
  )
  expect(messages).toEqual([
    '--network=host is broken in two by a line’s end: write it on one line',
    '--chown="a holds an escape, a quote or a special character: write it without',
    'ADD takes plain paths of this folder, as ./name, and not $X: use COPY, or RUN with curl',
  ])
})

describe('ADD takes paths of the folder alone:', () => {
  test.each([
    'http:\\\n//127.0.0.1/x /y',
    'ht\\tp://127.0.0.1/x /y',
    'ht"tp"://127.0.0.1/x /y',
    'h${Z}ttp://127.0.0.1/x /y',
    '"http://127.0.0.1/x" /y',
    '[\\\n"http://127.0.0.1/x","/y"]',
    '["ht\\\\tp://127.0.0.1/x", "/y"]',
    '["ht\\u0074p://127.0.0.1/x", "/y"]',
    '["h${Z}ttp://127.0.0.1/x", "/y"]',
    'a http://127.0.0.1/x /y',
    'HTTP://127.0.0.1/x /y',
    '--chown=1 http://127.0.0.1/x /y',
    '--checksum=sha256:1 https://example.com/x /y',
    'git@github.com:a/b.git /x',
    'github.com/a/b /x',
    'ssh://a/b /x',
    '$X /y',
    'host:path /y',
    `a \\\n${'#\n'.repeat(200)} http://127.0.0.1/x /y`,
  ])('not %j', (args) => {
    expect(linesOf(`ARG Z=\nFROM a\nADD ${args}`)).toEqual([3])
  })

  test.each([
    'a.tar.gz /src',
    './a b/c.zip /src/',
    '--chown=10001:10001 rootfs.tar.xz /',
    'dist/app-${VERSION}.tgz /app',
    './$FILE /x',
    '["a.txt", "/b c/"]',
    '. /app',
    '*.json ./',
    '/requirements.txt /x',
  ])('but %j', (args) => {
    expect(linesOf(`FROM a\nADD ${args}`)).toEqual([])
  })
})

test('two tenants: each may build upon its own images only, of now and of before there was a registry', () => {
  const faults = (tenant: string, image: string, registry = 'registry.example.com/fn') =>
    checkDockerfile(`FROM ${image}`, { file: 'Dockerfile', buildArgs: {}, ...imagePrefixes(registry, tenant) }).faults
  expect(faults('a', 'registry.example.com/fn/a/site-hello:1')).toEqual([])
  expect(faults('b', 'registry.example.com/fn/a/site-hello:1')).toHaveLength(1)
  expect(faults('b', 'Registry.Example.com:443/fn/a/site-hello:1')).toHaveLength(1)
  expect(faults('b', 'pushfn.local/a/site-hello:1')).toHaveLength(1)
  // On Docker’s own registry a name has several forms.
  for (const name of ['org/a/x', 'docker.io/org/a/x', 'index.docker.io/org/a/x']) {
    expect(faults('b', name, 'docker.io/org')).toHaveLength(1)
    expect(faults('a', name, 'org')).toEqual([])
  }
})

test('a Dockerfile of any size is looked through soon, or refused', () => {
  const hostile = ['ADD a \\\n', 'ARG A=`\n', 'RUN \\\n', 'FR\\\n', 'FROM ${A}${A}${A}${A}\nARG A=$A$A\n']
  for (const line of hostile) {
    const begun = process.cpuUsage()
    checkDockerfile(line.repeat(20_000).slice(0, 64 * 1024), {
      file: 'Dockerfile',
      buildArgs: {},
      ...imagePrefixes(undefined, 'a'),
    })
    expect(process.cpuUsage(begun).user / 1e6, JSON.stringify(line)).toBeLessThan(20)
  }
  expect(linesOf(`FROM a\n${'# x\n'.repeat(100_000)}`)).toEqual([1])
})
