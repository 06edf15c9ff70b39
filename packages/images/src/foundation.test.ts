// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have such variables.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { AppError } from '@pushfn/model/errors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFunction, aRepository, type Built, build, docker, type Planned, planFunction } from '../test/try-function.ts'
import type { Foundation } from './foundation.ts'
import { imagePrefixes } from './plan-image.ts'

/**
 * Two tenants on one engine: `beta` has an image with a secret in it, on loopback listens a server with another, and
 * `acme` wants both. Each attack is first shown to work on this very engine where no wall stands.
 */
const secret = randomUUID()
let victim: Built
let name: string
const hits: string[] = []
const server = createServer((req, res) => {
  hits.push(req.url ?? '')
  res.end(secret)
})
let inside: string

const BASE = 'FROM pushfn/base:latest'

const planDockerfile = async (dockerfile: string, tenant = 'acme') => {
  await using repository = await aRepository({ 'hello/Dockerfile': dockerfile })
  return await planFunction(repository.root, aFunction({ lang: 'dockerfile' }), { tenant })
}

beforeAll(async () => {
  const planned = await planDockerfile(`${BASE}\nRUN echo ${secret} > /secret\n`, 'beta')
  victim = await build(planned)
  name = planned.image.name
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  inside = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(async () => {
  server.close()
  await victim[Symbol.asyncDispose]()
})

/** As it would be built without the check of the Dockerfile; `foundation` are the walls that stand all the same. */
const unchecked = async (dockerfile: string, foundation?: Partial<Foundation>) => {
  const planned = await planDockerfile(`${BASE}\n`)
  const bytes = Buffer.from(dockerfile)
  const files = planned.context.files.map((file) => (file.path === 'Dockerfile' ? { ...file, bytes } : file))
  const walls = { file: 'hello/Dockerfile', bases: [], policy: imagePrefixes(undefined, 'acme'), ...foundation }
  return { ...planned, context: { ...planned.context, files }, foundation: foundation && walls } satisfies Planned
}

const outcomeOf = async (planned: Promise<Planned>) => {
  const lines: string[] = []
  const said = () => ({ hasSecret: lines.some((line) => line.includes(secret)) })
  try {
    await using _ = await build(await planned, { onLog: (line) => lines.push(line) })
    return { ...said(), code: undefined, hint: '' }
  } catch (err) {
    if (!(err instanceof AppError)) throw err
    return { ...said(), code: err.code, hint: err.hint ?? '' }
  }
}

const READ = 'RUN cat /secret; echo '
const inTwo = (text: string) => `${text.slice(0, 8)}\\\n${text.slice(8)}`

describe.each([
  ['its name', () => `FROM ${name}\n${READ}`],
  ['its name in two lines', () => `FROM ${inTwo(name)}\n${READ}`],
  ['its name escaped', () => `FROM ${name.slice(0, 3)}\\${name.slice(3)}\n${READ}`],
  ['the last value of an argument', () => `ARG X=ok\nARG X=${name}\nFROM $X\n${READ}`],
  ['COPY --from in two lines', () => `${BASE}\nCOPY --fr\\\nom=${name} /secret /secret\n${READ}`],
  ['COPY --from escaped', () => `${BASE}\nCOPY --fr\\om=${name} /secret /secret\n${READ}`],
  ['COPY --from with quotes within', () => `${BASE}\nCOPY --fr"om"=${name} /secret /secret\n${READ}`],
  [
    'a mount with two from',
    () => `${BASE}\nRUN --mount=type=bind,from=scratch,from=${name},target=/m cat /m/secret; echo `,
  ],
])('another tenant’s image by %s', (_, dockerfile) => {
  test('is there for the taking without walls', async () => {
    expect(await outcomeOf(unchecked(dockerfile() + randomUUID()))).toMatchObject({ hasSecret: true })
  })

  test('is refused', async () => {
    expect(await outcomeOf(planDockerfile(dockerfile() + randomUUID()))).toMatchObject({
      hasSecret: false,
      code: 'HANDLER_INVALID',
    })
  })

  test('is refused when the check of the Dockerfile has let it pass', async () => {
    const outcome = await outcomeOf(unchecked(dockerfile() + randomUUID(), {}))
    expect(outcome).toMatchObject({ hasSecret: false, code: 'HANDLER_INVALID' })
    expect(outcome.hint).toContain('another tenant’s image')
  })
})

describe.each([
  ['in two lines', () => `${BASE}\nADD http:\\\n//${inside}/x /secret\n${READ}`],
  ['escaped', () => `${BASE}\nADD ht\\tp://${inside}/x /secret\n${READ}`],
  ['with quotes within', () => `${BASE}\nADD ht"tp"://${inside}/x /secret\n${READ}`],
  ['with a variable within', () => `${BASE}\nADD h\${Z}ttp://${inside}/x /secret\n${READ}`],
  ['as JSON', () => `${BASE}\nADD ["h\${Z}ttp://${inside}/x", "/secret"]\n${READ}`],
])('an address of the builder’s own network, %s,', (_, dockerfile) => {
  test('is fetched without walls', async () => {
    expect(await outcomeOf(unchecked(dockerfile() + randomUUID()))).toMatchObject({ hasSecret: true })
  })

  test('is refused, and not fetched', async () => {
    hits.length = 0
    const outcome = await outcomeOf(planDockerfile(dockerfile() + randomUUID()))
    expect(outcome).toMatchObject({ hasSecret: false, code: 'HANDLER_INVALID' })
    expect(hits).toEqual([])
  })

  test('makes no image when the check of the Dockerfile has let it pass', async () => {
    const outcome = await outcomeOf(unchecked(dockerfile() + randomUUID(), {}))
    expect(outcome).toMatchObject({ hasSecret: false, code: 'HANDLER_INVALID' })
    expect(outcome.hint).toContain('fetched by the builder itself')
  })
})

describe('an image of the engine that no registry has', () => {
  const local = `corp-${process.pid}/app`
  const tag = async (to: string) => docker.getImage(victim.imageId).tag({ repo: to, tag: 'latest' })
  const withoutTag = async (of: string) => void (await docker.getImage(`${of}:latest`).remove())

  test('is nothing to stand on, by FROM, COPY or a mount', async () => {
    await tag(local)
    try {
      for (const dockerfile of [
        `FROM ${local}\n`,
        `FROM docker.io/${local}:latest\n`,
        `FROM scratch\nCOPY --from=${local} /secret /secret\n`,
        `${BASE}\nRUN --mount=type=bind,from=${local},target=/m cat /m/secret\n`,
      ]) {
        const { code, hint, hasSecret } = await outcomeOf(planDockerfile(dockerfile))
        expect({ code, hasSecret }).toEqual({ code: 'HANDLER_INVALID', hasSecret: false })
        expect(hint).toMatch(/^hello\/Dockerfile:\d: \S+ is an image of this machine that no registry has/)
      }
    } finally {
      await withoutTag(local)
    }
  })

  test('is something to stand on where the operator says so, by any of its names', async () => {
    await tag(local)
    try {
      const planned = await planDockerfile(`FROM ${local}\nRUN true\n`)
      await using _ = await build(planned, { allowedImages: [`${local}:latest`] })
    } finally {
      await withoutTag(local)
    }
  })

  test('is one’s own to stand on', async () => {
    const planned = await planDockerfile(`FROM ${name}\nRUN cat /secret; echo ${randomUUID()}\n`, 'beta')
    await using built = await build(planned)
    expect(built.lines.some((line) => line.includes(secret))).toBe(true)
  })

  test('brings no steps that a Dockerfile may not have', async () => {
    const trigger = await unchecked(`${BASE}\nONBUILD ADD http://${inside}/x /secret\n`)
    await using parent = await build(trigger)
    await docker.getImage(parent.imageId).tag({ repo: local, tag: 'latest' })
    try {
      hits.length = 0
      const planned = await planDockerfile(`FROM ${local}\n${READ}${randomUUID()}\n`)
      const thrown = await build(planned, { allowedImages: [`${local}:latest`] }).catch((err: unknown) => err)
      expect(thrown).toMatchObject({ code: 'HANDLER_INVALID', hint: expect.stringContaining('has an ONBUILD step') })
      expect(hits).toEqual([])
    } finally {
      await withoutTag(local)
    }
  })
})
