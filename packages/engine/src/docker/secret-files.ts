import { chmod, lstat, mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@pushfn/model/errors'
import type { WorkloadSecrets } from '../engine.ts'

/** In memory on every Linux; a controller in a container names one that its host has at the same path. */
export const DEFAULT_SECRETS_DIR = '/dev/shm'

/** Where functions find their secrets, as with OpenFaaS. */
export const SECRETS_MOUNT = '/var/openfaas/secrets'

/**
 * The secrets of this host's replicas, as files that are never on a disk: a folder for each container, by its name and by the
 * key of what it was started with, so that what one has is not changed under it.
 */
export interface SecretFiles {
  folderOf(container: string, key: string): string
  /** Makes the folder where it is not there: before the first start, and after the host's restart took it away. */
  ensure(container: string, secrets: WorkloadSecrets, signal?: AbortSignal): Promise<void>
  /** Between these nobody takes the folder for a leftover. */
  begin(container: string, key: string): Disposable
  remove(container: string, key: string): Promise<void>
  /** What there is now, and is nobody's who begins: to be called before the engine is asked what it runs. */
  list(): Promise<Leftovers>
  /** Removes all of it. */
  removeAll(): Promise<void>
}

export interface Leftovers {
  /** Removes what belongs to none of these: what a controller left that died, or somebody who removed containers by hand. */
  removeBut(kept: readonly { container: string; key: string }[]): Promise<void>
}

export const secretFiles = (dir: string, cloud: string): SecretFiles => {
  const root = join(dir, `pushfn-secrets-${cloud}`)
  const begun = new Map<string, number>()
  const nameOf = (container: string, key: string) => `${container}.${key}`
  const removeFolder = (name: string) => rm(join(root, name), { recursive: true, force: true })
  const making = new Map<string, Promise<void>>()
  /** Whole or not at all: who dies half-way leaves no folder of that name. */
  const make = async (name: string, secrets: WorkloadSecrets, signal?: AbortSignal): Promise<void> => {
    if (await isThere(join(root, name))) return
    const values = await secrets.read(signal)
    await ensureRoot(dir, root)
    const folder = join(root, `.${name}`)
    await removeFolder(`.${name}`)
    await mkdir(folder)
    for (const [file, value] of values) await writeSecret(join(folder, refuseIfPath(file)), value)
    await chmod(folder, 0o755)
    await rename(folder, join(root, name))
  }
  return {
    folderOf: (container, key) => join(root, nameOf(container, key)),
    ensure: (container, secrets, signal) => {
      const name = nameOf(container, secrets.key)
      // Starts of one replica may race.
      const made = making.get(name) ?? make(name, secrets, signal).finally(() => making.delete(name))
      making.set(name, made)
      return made
    },
    begin: (container, key) => {
      const name = nameOf(container, key)
      begun.set(name, (begun.get(name) ?? 0) + 1)
      return {
        [Symbol.dispose]: () => {
          const left = (begun.get(name) ?? 1) - 1
          if (left === 0) begun.delete(name)
          else begun.set(name, left)
        },
      }
    },
    remove: (container, key) => removeFolder(nameOf(container, key)),
    list: async () => {
      const finished = (name: string) => !begun.has(name.replace(/^\./, ''))
      const there = (await readdir(root).catch(() => [])).filter(finished)
      return {
        removeBut: async (kept) => {
          const names = new Set(kept.map(({ container, key }) => nameOf(container, key)))
          for (const name of there) if (!names.has(name) && finished(name)) await removeFolder(name)
        },
      }
    },
    removeAll: () => rm(root, { recursive: true, force: true }),
  }
}

/** Whoever the function runs as may read it; on the host nobody gets to it, since nobody else may enter the root. */
const writeSecret = async (path: string, value: Uint8Array): Promise<void> => {
  await writeFile(path, value, { flag: 'wx' })
  await chmod(path, 0o444)
}

const refuseIfPath = (name: string): string => {
  if (/^[a-z0-9][a-z0-9._-]*$/.test(name)) return name
  throw new AppError('ENGINE_FAILED', `${JSON.stringify(name)} is no name of a secret`)
}

/**
 * Why secrets cannot be kept there; undefined when they can. What is written to a disk can be read from it after it was
 * removed.
 */
export const secretsDirProblem = async (dir: string): Promise<string | undefined> => {
  const found = await statfs(dir).catch(() => undefined)
  if (!found) return `${dir} cannot be read`
  return IN_MEMORY.has(found.type) ? undefined : `${dir} is no tmpfs`
}

/** What statfs(2) says of tmpfs and ramfs. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6])

/** In a folder where everybody may write, as /dev/shm, somebody else may have been faster. */
const ensureRoot = async (dir: string, root: string): Promise<void> => {
  const problem = await secretsDirProblem(dir)
  if (problem) throw new AppError('ENGINE_FAILED', `${problem}: name a folder of a tmpfs by SECRETS_DIR`)
  await mkdir(root, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(root)
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new AppError('ENGINE_FAILED', `${root} is somebody else’s: secrets are not kept there`)
  }
  await chmod(root, 0o700)
}

const isThere = async (path: string): Promise<boolean> => (await lstat(path).catch(() => undefined)) !== undefined
