import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type Docker from 'dockerode'
import { withLock } from '../lock.mjs'
import { importDebian } from './debian-root.ts'
import { followProgress } from './follow-progress.ts'
import { readNpmSettings } from './npm-settings.ts'
import { findOperatorCas } from './operator-cas.ts'
import { repositoryRoot } from './repository-root.ts'

const FOLDER = join(repositoryRoot, 'deploy/base-images')
const OFFICIAL = 'debian:bookworm-slim'
const MADE_HERE = 'pushfn/debian:bookworm'
const LOOK_TIMEOUT_MS = 5_000
const PULL_TIMEOUT_MS = 300_000
const HASH_LENGTH = 12

/** Everything the base image is made of; what changes here makes another image. */
interface Inputs {
  dockerfile: string
  packages: readonly string[]
  nodeVersion: string
  nodePath: string
  npmVersion: string
  npmFolder: string
  npmrc: string
  cas: ReadonlyMap<string, string>
}

/**
 * Makes the image every template stands on unless the engine has it, and returns its name, `pushfn/base:<hash of its
 * inputs>`; `pushfn/base:latest` is the same one. Its bottom is Debian's official image where a registry answers within
 * seconds, else one made from Debian's packages (about 40 s). Safe to call from several processes at once.
 *
 * `note` is told what takes the time.
 */
export const ensureBaseImage = (docker: Docker, note: (text: string) => void = () => {}): Promise<string> =>
  withLock('base-image', async () => {
    const inputs = await readInputs()
    const name = `pushfn/base:${hashOf(inputs)}`
    if (!(await hasImage(docker, name))) {
      const bottom = await ensureBottom(docker, inputs.packages, note)
      note('building on it')
      await build(docker, name, bottom, inputs)
    }
    await docker.getImage(name).tag({ repo: 'pushfn/base', tag: 'latest' })
    note(name)
    return name
  })

const readInputs = async (): Promise<Inputs> => {
  const npmFolder = dirname(createRequire(import.meta.url).resolve('npm/package.json'))
  const npmVersion: unknown = JSON.parse(await readFile(join(npmFolder, 'package.json'), 'utf8')).version
  return {
    dockerfile: await readFile(join(FOLDER, 'Dockerfile'), 'utf8'),
    packages: (await readFile(join(FOLDER, 'packages.txt'), 'utf8')).split('\n').filter(Boolean),
    // This very Node: the one that the `node` package of the lockfile put in place.
    nodeVersion: `${process.version} ${process.arch}`,
    nodePath: process.execPath,
    npmVersion: String(npmVersion),
    npmFolder,
    npmrc: await readNpmSettings(),
    cas: await findOperatorCas(),
  }
}

const hashOf = ({ nodePath: _, npmFolder: __, cas, ...rest }: Inputs): string =>
  createHash('sha256')
    .update(JSON.stringify([rest, [...cas.keys()]]))
    .digest('hex')
    .slice(0, HASH_LENGTH)

const hasImage = (docker: Docker, name: string): Promise<boolean> =>
  docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    )

const ensureBottom = async (docker: Docker, packages: readonly string[], note: (text: string) => void) => {
  for (const name of [OFFICIAL, MADE_HERE]) if (await hasImage(docker, name)) return name
  note(`looking for ${OFFICIAL}`)
  if (await canPull(docker)) {
    note(`pulling ${OFFICIAL}`)
    const abortSignal = AbortSignal.timeout(PULL_TIMEOUT_MS)
    await followProgress(await docker.pull(OFFICIAL, { abortSignal }))
    return OFFICIAL
  }
  note('no registry answers: making Debian 12 from its packages')
  await importDebian(docker, MADE_HERE, packages)
  return MADE_HERE
}

/** Whether the engine's registry has the official image, without fetching it. */
const canPull = async (docker: Docker): Promise<boolean> => {
  const timeout = new Promise<false>((resolve) => setTimeout(resolve, LOOK_TIMEOUT_MS, false).unref())
  const found = docker
    .getImage(OFFICIAL)
    .distribution()
    .then(
      () => true,
      () => false,
    )
  return Promise.race([found, timeout])
}

const build = async (docker: Docker, name: string, bottom: string, inputs: Inputs): Promise<void> => {
  const context = await mkdtemp(join(tmpdir(), 'pushfn-base-'))
  try {
    await writeFile(join(context, 'Dockerfile'), inputs.dockerfile)
    await writeFile(join(context, 'packages.txt'), `${inputs.packages.join('\n')}\n`)
    await writeFile(join(context, 'npmrc'), inputs.npmrc)
    await copyFile(inputs.nodePath, join(context, 'node'))
    await cp(inputs.npmFolder, join(context, 'npm'), { recursive: true, dereference: true, filter: isNpmNeeded })
    await mkdir(join(context, 'cas'))
    for (const [id, pem] of inputs.cas) await writeFile(join(context, 'cas', `operator-${id}.crt`), `${pem}\n`)
    const tar = spawn('tar', ['--create', '--owner=0', '--group=0', '--numeric-owner', '--directory', context, '.'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const options = {
      t: name,
      version: '2',
      buildargs: { BOTTOM: bottom },
      labels: { 'pushfn.cloud/base': 'true' },
    } as const
    await followProgress(await docker.buildImage(tar.stdout, options))
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

/** npm brings manuals that nobody reads in a container. */
const isNpmNeeded = (path: string): boolean => !/\/npm\/(docs|man)$/.test(path)
