import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@pushfn/model/errors'
import Docker from 'dockerode'
import { afterEach, describe, expect, test } from 'vitest'
import { aFunction, aRepository, build, docker, planFunction } from '../test/try-function.ts'

const planDockerfile = async (dockerfile: string, files: Record<string, string> = {}, tenant = 'acme') => {
  await using repository = await aRepository({ 'hello/Dockerfile': dockerfile, ...files })
  return await planFunction(repository.root, aFunction({ lang: 'dockerfile' }), { tenant })
}

const failureOf = async (dockerfile: string, overrides: Parameters<typeof build>[1] = {}) => {
  const thrown = await build(await planDockerfile(dockerfile), overrides).catch((err: unknown) => err)
  if (!(thrown instanceof AppError)) throw new Error(`did not fail as it should: ${thrown}`)
  return thrown
}

/** Processes of this machine whose command line holds the word; builds run on it. */
const processesWith = async (word: string): Promise<number> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.includes(word)).length
}

const until = async (check: () => Promise<boolean>): Promise<boolean> => {
  for (let left = 100; left > 0; left--) {
    if (await check()) return true
    await sleep(50)
  }
  return false
}

const ourImages = async (): Promise<string[]> =>
  (
    await docker.listImages({ filters: { label: ['pushfn.cloud/managed=test-images', 'pushfn.cloud/build=b1'] } })
  ).flatMap((image) =>
    (image.RepoTags ?? ['<none>']).filter((tag) => tag === '<none>:<none>' || tag.includes(`-t${process.pid}-`)),
  )

afterEach(async () => expect(await ourImages()).toEqual([]))

describe('a build', () => {
  test('tells each step and what it writes as it comes, and names the image with its labels', async () => {
    const word = randomUUID()
    const planned = await planDockerfile(
      `FROM pushfn/base:latest\nRUN printf 'a\\rb\\n'; sleep 0.3; echo ${word} >&2; sleep 1; echo later\n`,
    )
    const seen: { line: string; at: number }[] = []
    await using built = await build(planned, { onLog: (line) => seen.push({ line, at: performance.now() }) })
    expect(seen.map(({ line }) => line)).toEqual([
      '#1 FROM docker.io/pushfn/base:latest',
      '#1 CACHED',
      expect.stringMatching(/^#2 RUN printf/),
      '#2 b',
      `#2 ${word}`,
      '#2 later',
    ])
    const at = (text: string) => seen.find(({ line }) => line === `#2 ${text}`)?.at ?? 0
    expect(at('later') - at(word)).toBeGreaterThan(500)
    const image = await docker.getImage(planned.image.name).inspect()
    expect(image.Id).toBe(built.imageId)
    expect(image.Config.Labels).toMatchObject(planned.image.labels)
    expect(built.cached).toBe(false)
  })

  test('that has nothing to do is told to be cached', async () => {
    await using repository = await aRepository({ 'hello/handler.js': `module.exports = '${randomUUID()}'` })
    await using first = await build(await planFunction(repository.root, aFunction()))
    await using second = await build(await planFunction(repository.root, aFunction()))
    expect([first.cached, second.cached]).toEqual([false, true])
  })

  test('of a tag that was another image’s leaves nothing of the older one', async () => {
    const planned = await planDockerfile(`FROM pushfn/base:latest\nRUN echo ${randomUUID()} > /x\n`)
    const first = await build(planned)
    const other = await planDockerfile(`FROM pushfn/base:latest\nRUN echo ${randomUUID()} > /x\n`)
    await using second = await build({ ...other, image: planned.image })
    expect(second.imageId).not.toBe(first.imageId)
    await expect(docker.getImage(first.imageId).inspect()).rejects.toMatchObject({ statusCode: 404 })
  })

  test('that fails names the step, its line in the Dockerfile, and the last lines', async () => {
    const failure = await failureOf(
      '# a comment\nFROM pushfn/base:latest\n\nRUN true && \\\n  echo why not; \\\n  exit 3\n',
    )
    expect(failure.code).toBe('BUILD_FAILED')
    expect(failure.faults[0]?.place).toEqual({ file: 'hello/Dockerfile', line: 4 })
    expect(failure.hint).toMatch(/^hello\/Dockerfile:4: RUN true .* failed: exit code 3\n {2}why not$/)
  })

  test.each([
    ['FROM pushfn/base:latest\nRAN x\n', 2, /unknown instruction/i],
    ['FROM pushfn/base:latest\nCOPY nothing.txt /\n', 2, /not found/],
    ['FROM pushfn/base:latest\nARG A=x\nCOPY nothing-$A.txt /\n', 3, /not found/],
    ['', undefined, /empty|no build stage|cannot be empty/i],
  ])('whose Dockerfile is wrong says where: %j', async (dockerfile, line, message) => {
    const failure = await failureOf(dockerfile)
    expect(failure.code).toBe('BUILD_FAILED')
    expect(failure.faults[0]?.place?.line).toBe(line)
    expect(failure.faults[0]?.message).toMatch(message)
  })

  test('whose base image cannot be had says which and where, and nothing of the cloud’s network', async () => {
    const failure = await failureOf('ARG TAG=1\nFROM registry.invalid/team/base:$TAG\nRUN true\n')
    expect(failure.code).toBe('BUILD_FAILED')
    expect(failure.hint).toMatch(
      /^hello\/Dockerfile:2: the registry of registry\.invalid\/team\/base:\S+ does not answer/,
    )
    expect(failure.hint).not.toMatch(/\d+\.\d+\.\d+\.\d+/)
  })

  test('that is aborted really stops, and the reason is thrown', async () => {
    const word = `sleep 7${Math.floor(Math.random() * 1e9)}`
    const stop = new AbortController()
    const planned = await planDockerfile(`FROM pushfn/base:latest\nRUN ${word}\n`)
    const building = build(planned, { signal: stop.signal }).catch((err: unknown) => err)
    const [program, seconds = ''] = word.split(' ')
    expect(program).toBe('sleep')
    expect(await until(async () => (await processesWith(seconds)) > 0)).toBe(true)
    stop.abort(new AppError('SUPERSEDED', 'a newer push'))
    expect(await building).toMatchObject({ code: 'SUPERSEDED' })
    expect(await until(async () => (await processesWith(seconds)) === 0)).toBe(true)
  })

  test('that takes too long is ended and said to have taken too long', async () => {
    const seconds = `8${Math.floor(Math.random() * 1e9)}`
    const failure = await failureOf(`FROM pushfn/base:latest\nRUN sleep ${seconds}\n`, { limits: { timeMs: 1_500 } })
    expect(failure.code).toBe('BUILD_LIMIT')
    expect(await until(async () => (await processesWith(seconds)) === 0)).toBe(true)
  })

  test('that says too much is cut in the log and goes on', async () => {
    const planned = await planDockerfile(`FROM pushfn/base:latest\nRUN seq 1 20000; echo ${randomUUID()} > /end\n`)
    await using built = await build(planned, { limits: { logBytes: 2_000 } })
    expect(built.lines.join('\n').length).toBeLessThan(2_200)
    expect(built.lines.at(-1)).toContain('the build goes on')
  })

  test('on an engine that is not there is the cloud’s fault and worth another try', async () => {
    const nowhere = new Docker({ socketPath: '/nonexistent.sock' })
    const failure = await failureOf('FROM pushfn/base:latest\n', { docker: nowhere })
    expect(failure).toMatchObject({ code: 'ENGINE_FAILED', isRetryable: true })
    expect(failure.hint).not.toContain('nonexistent')
  })
})

test('two tenants with the same Dockerfile do not meet in a cache mount', async () => {
  const id = randomUUID()
  const see = async (tenant: string, word: string) => {
    const step = `RUN --mount=type=cache,id=${id},target=/c echo there:$(cat /c/* 2>/dev/null); echo ${word} > /c/${word}`
    await using built = await build(await planDockerfile(`FROM pushfn/base:latest\n${step}\n`, {}, tenant))
    return built.lines.filter((line) => /^#\d+ there:/.test(line)).map((line) => line.replace(/^#\d+ /, ''))
  }
  expect(await see('a', 'poison')).toEqual(['there:'])
  expect(await see('b', 'mine')).toEqual(['there:'])
  expect(await see('a', 'again')).toEqual(['there:poison'])
})

test('two tenants with the same package.json do not share what an install script made', async () => {
  const manifest = JSON.stringify({
    dependencies: { greeter: 'file:./none' },
    scripts: { preinstall: 'echo made' },
    v: randomUUID(),
  })
  const install = async (tenant: string) => {
    await using repository = await aRepository({
      'hello/handler.js': '',
      'hello/package.json': manifest.replace('"greeter":"file:./none"', '"mrmime":"2.0.1"'),
    })
    await using built = await build(await planFunction(repository.root, aFunction(), { tenant }))
    return built.lines.some((line) => line.endsWith('made') && !line.includes('RUN'))
  }
  expect([await install('a'), await install('a'), await install('b')]).toEqual([true, false, true])
})
