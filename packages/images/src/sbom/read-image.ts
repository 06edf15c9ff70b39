import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { AppError } from '@pushfn/model/errors'
import type Docker from 'dockerode'
import { createPackageReader, type ImageContents, type PackageReader } from './package-reader.ts'
import { readTar, type TarLimits } from './read-tar.ts'

export interface ImageSource {
  docker: Docker
  /** Id, or name by digest; the engine has it. */
  image: string
  cloud: string
  signal: AbortSignal
}

const LIMITS: TarLimits = { bytes: 8 * 1_024 ** 3, entries: 1_000_000 }
/** Marks the containers that images are read from, which never run. */
const READING = 'pushfn.cloud/reading'
/** A container inherits its image's labels; without this the engine would count it among the tenant's. */
const MANAGED = 'pushfn.cloud/managed'
const OUTLIVED_MS = 600_000

/** Every package of an image: all its files are looked at once. Throws ENGINE_FAILED. */
export const readWholeImage = (source: ImageSource): Promise<ImageContents> =>
  withContainer(source, async (container, reader) => {
    await readTar(Readable.from(await container.export({ abortSignal: source.signal })), {
      reader,
      folder: '',
      limits: LIMITS,
      signal: source.signal,
    })
  })

/** What files and folders of an image tell, those that are there. Throws ENGINE_FAILED. */
export const readPaths = (source: ImageSource, paths: readonly string[]): Promise<ImageContents> =>
  withContainer(source, async (container, reader) => {
    for (const path of paths) {
      const archive = await container.getArchive({ path, abortSignal: source.signal }).catch((err: unknown) => {
        if (err instanceof Error && 'statusCode' in err && err.statusCode === 404) return undefined
        throw err
      })
      if (!archive) continue
      const folder = posix.dirname(path)
      await readTar(Readable.from(archive), { reader, folder, limits: LIMITS, signal: source.signal })
    }
  })

/** The engine opens an image's layers for a container: one that is made, read, and removed without having run. */
const withContainer = async (
  { docker, image, cloud, signal }: ImageSource,
  read: (container: Docker.Container, reader: PackageReader) => Promise<void>,
): Promise<ImageContents> => {
  try {
    const container = await docker.createContainer({
      Image: image,
      name: `${cloud}.reading.${randomUUID()}`,
      Entrypoint: ['/never-run'],
      Labels: { [READING]: cloud, [MANAGED]: '' },
      NetworkDisabled: true,
      HostConfig: { NetworkMode: 'none' },
      // Without the signal: the engine would make it all the same, and nobody would know to remove it.
    })
    const reader = createPackageReader()
    try {
      signal.throwIfAborted()
      await read(container, reader)
    } finally {
      // With the volumes that its image asks for.
      await container.remove({ force: true, v: true })
    }
    return reader.contents()
  } catch (err) {
    signal.throwIfAborted()
    throw new AppError('ENGINE_FAILED', `reading ${image}: ${err instanceof Error ? err.message : err}`, { cause: err })
  }
}

/** Removes what a process that was killed while it read has left behind: those of more than ten minutes, or all. */
export const removeReadings = async (docker: Docker, cloud: string, outlivedMs = OUTLIVED_MS): Promise<void> => {
  const left = await docker.listContainers({ all: true, filters: { label: [`${READING}=${cloud}`] } })
  for (const { Id, Created } of left) {
    if (Date.now() - Created * 1_000 > outlivedMs) await docker.getContainer(Id).remove({ force: true, v: true })
  }
}
