import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { type BuildOptions, type BuiltImage, buildImage } from '../src/build.ts'
import { checkBuild } from '../src/check-build.ts'
import { assembleContext, type BuildContext, type ContextOptions } from '../src/context.ts'
import type { Foundation } from '../src/foundation.ts'
import { type ImageFacts, type ImagePlan, imagePrefixes, planImage } from '../src/plan-image.ts'
import { removeImage } from '../src/remove-image.ts'
import type { BuildableFunction } from '../src/stack-function.ts'
import { findTemplate, type Template } from '../src/templates.ts'

/** What the tests of this package stand on: repositories on disk, images by the real engine, containers as tenants get them. */
export const docker = new Docker({ socketPath: '/var/run/docker.sock' })

export const BASE_IMAGE = 'pushfn/base:latest'
const CLOUD = 'test-images'

export const aFunction = (overrides: Partial<BuildableFunction> = {}): BuildableFunction => ({
  name: 'hello',
  lang: 'node24',
  handler: './hello',
  buildArgs: {},
  buildOptions: [],
  copy: [],
  place: { line: 3, column: 3 },
  places: { lang: { line: 4, column: 11 }, handler: { line: 5, column: 14 } },
  ...overrides,
})

export interface Repository extends AsyncDisposable {
  root: string
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>
}

export const aRepository = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<Repository> => {
  const root = await mkdtemp(join(tmpdir(), 'pushfn-images-'))
  const write: Repository['write'] = async (written) => {
    for (const [path, content] of Object.entries(written)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), content)
    }
  }
  await write(files)
  return { root, write, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}

export interface Planned {
  template: Template
  context: BuildContext
  image: ImagePlan
  foundation: Foundation | undefined
}

let builds = 0

/** From a function to what `buildImage` wants, as the builder does it. */
export const planFunction = async (
  root: string,
  fn: BuildableFunction,
  options: { tenant?: string; context?: Partial<ContextOptions>; facts?: Partial<ImageFacts>; fetched?: string[] } = {},
): Promise<Planned> => {
  const tenant = options.tenant ?? 'acme'
  const template = await findTemplate(fn, {
    stackFile: 'stack.yml',
    root,
    areOwnTemplatesAllowed: true,
    isDockerfileAllowed: true,
    ...(options.fetched && { fetched: options.fetched }),
  })
  const context = await assembleContext(fn, template, { root, stackFile: 'stack.yml', ...options.context })
  builds += 1
  const image = planImage({
    cloud: CLOUD,
    tenant: { slug: tenant, ownerId: '7', owner: tenant },
    repository: { name: 'site', isPrivate: false },
    forge: 'builtin',
    commit: `${process.pid}${builds}`.padStart(7, '0').padEnd(40, '0'),
    branch: `t${process.pid}`,
    build: 'b1',
    function: fn,
    stackFile: 'stack.yml',
    template,
    dependencies: context.dependencies,
    baseImage: BASE_IMAGE,
    ...options.facts,
  })
  const policy = imagePrefixes(options.facts?.registry, tenant)
  const foundation = checkBuild({ function: fn, template, context, buildArgs: image.buildArgs, policy })
  return { template, context, image, foundation }
}

export interface Built extends BuiltImage, AsyncDisposable {
  lines: string[]
}

/** Builds what was planned; the image goes when the scope ends. */
export const build = async (planned: Planned, overrides: Partial<BuildOptions> = {}): Promise<Built> => {
  const lines: string[] = []
  const built = await buildImage({
    docker,
    function: 'hello',
    context: planned.context,
    ...planned.image,
    foundation: planned.foundation,
    allowedImages: [BASE_IMAGE],
    mayPull: planned.template.origin !== 'built-in' || planned.template.name === 'dockerfile',
    signal: AbortSignal.timeout(120_000),
    onLog: (line) => lines.push(line),
    onReplaced: (id) => removeImage(docker, id),
    ...overrides,
  })
  const remove = async () => {
    await removeImage(docker, planned.image.name)
  }
  return { ...built, lines, [Symbol.asyncDispose]: remove }
}

export interface Running extends AsyncDisposable {
  url: string
  logs(): Promise<string>
  /** SIGTERM, then the exit code. */
  stop(): Promise<number>
  /** SIGTERM without waiting. */
  terminate(): Promise<void>
  /** Process names in it. */
  processes(): Promise<string[]>
}

/** Runs an image as a tenant's replica is run: no root, no capabilities, nothing to write to but /tmp. */
export const run = async (image: string, environment: Readonly<Record<string, string>> = {}): Promise<Running> => {
  const container = await docker.createContainer({
    Image: image,
    Labels: { 'pushfn.cloud/managed': CLOUD },
    User: '10001',
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Tmpfs: { '/tmp': 'size=16m' },
      Memory: 128 * 1024 ** 2,
      PidsLimit: 100,
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] },
    },
  })
  const remove = () => container.remove({ force: true, v: true })
  const logs = async () => {
    const raw = await container.logs({ stdout: true, stderr: true })
    return withoutFrames(raw)
  }
  try {
    await container.start()
    const port = (await container.inspect()).NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort
    const url = `http://127.0.0.1:${port}`
    await untilReady(url, async () => {
      const { State } = await container.inspect()
      if (!State.Running) throw new Error(`ended with ${State.ExitCode}: ${await logs()}`)
    })
    return {
      url,
      logs,
      terminate: async () => void (await container.kill({ signal: 'SIGTERM' })),
      stop: async () => {
        await container.kill({ signal: 'SIGTERM' })
        return (await container.wait()).StatusCode
      },
      processes: async () => {
        const { Processes } = await container.top({ ps_args: '-eo pid,args' })
        return Processes.map((row: string[]) => row[1] ?? '')
      },
      [Symbol.asyncDispose]: async () => void (await remove()),
    }
  } catch (err) {
    await remove()
    throw err
  }
}

/** Output comes in frames: one byte of which stream, three empty, four of length (Engine API, “attach to a container”). */
const withoutFrames = (raw: Buffer): string => {
  const parts: string[] = []
  for (let at = 0; at + 8 <= raw.length; ) {
    const end = at + 8 + raw.readUInt32BE(at + 4)
    parts.push(raw.toString('utf8', at + 8, end))
    at = end
  }
  return parts.join('')
}

const untilReady = async (url: string, check: () => Promise<void>): Promise<void> => {
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(30)) {
    const isReady = await fetch(`${url}/_/ready`).then(
      (res) => res.ok,
      () => false,
    )
    if (isReady) return
    await check()
  }
  throw new Error('not ready in 20 s')
}

/** Builds a function of a repository and runs it. */
export const buildAndRun = async (
  files: Readonly<Record<string, string | Uint8Array>>,
  fn: BuildableFunction,
  environment: Readonly<Record<string, string>> = {},
): Promise<Running> => {
  await using repository = await aRepository(files)
  const planned = await planFunction(repository.root, fn)
  const built = await build(planned)
  try {
    const running = await run(built.imageId, environment)
    return {
      ...running,
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]()
        await built[Symbol.asyncDispose]()
      },
    }
  } catch (err) {
    await built[Symbol.asyncDispose]()
    throw err
  }
}
