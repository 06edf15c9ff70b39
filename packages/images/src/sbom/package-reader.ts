import type { FoundPackage } from './found-package.ts'
import { readGoModules } from './read-go-modules.ts'
import { readNodeHashes, readNodePackage } from './read-node-packages.ts'
import { readApkInstalled, readDpkgStatus, readOsRelease } from './read-os-packages.ts'
import { readPythonPackage } from './read-python-package.ts'

/** What an image holds, as far as its files say. */
export interface ImageContents {
  /** `{id: 'debian', version: '12'}`; undefined where no file says. */
  os: { id: string; version: string | undefined } | undefined
  packages: FoundPackage[]
  /** Something was too large, too much, or took too long: there may be more. */
  isPartial: boolean
}

export interface PackageReader {
  /** How many bytes of the file are wanted; 0 for one that tells nothing. Its path is without the first `/`. */
  wants(path: string, file: { bytes: number; isExecutable: boolean }): number
  read(path: string, bytes: Buffer): void
  /** From now on what it says is known not to be all. */
  cut(): void
  contents(): ImageContents
}

const KIB = 1_024
const MAX_PACKAGES = 20_000

type Reading = (path: string, bytes: Buffer) => void

/** Collects packages from files of an image, whichever come, in whatever order. */
export const createPackageReader = (): PackageReader => {
  const packages: FoundPackage[] = []
  const nodePackages = new Map<string, FoundPackage>()
  const nodeHashes = new Map<string, FoundPackage['hash']>()
  let os: ImageContents['os']
  let isPartial = false

  const add = (found: readonly FoundPackage[]) => {
    const room = Math.max(0, MAX_PACKAGES - packages.length - nodePackages.size)
    if (found.length > room) isPartial = true
    packages.push(...found.slice(0, room))
  }
  const readings: readonly [RegExp, number, Reading][] = [
    [/^var\/lib\/dpkg\/(status|status\.d\/[^/]+)$/, 16_384 * KIB, (_, bytes) => add(readDpkgStatus(`${bytes}`))],
    [/^lib\/apk\/db\/installed$/, 16_384 * KIB, (_, bytes) => add(readApkInstalled(`${bytes}`))],
    [
      /^(etc|usr\/lib)\/os-release$/,
      64 * KIB,
      (_, bytes) => {
        os = readOsRelease(`${bytes}`) ?? os
      },
    ],
    [
      /(^|\/)node_modules\/(@[^/]+\/)?[^/@.][^/]*\/package\.json$/,
      1_024 * KIB,
      (path, bytes) => {
        const found = readNodePackage(`${bytes}`)
        if (!found) return
        if (packages.length + nodePackages.size < MAX_PACKAGES) nodePackages.set(folderOf(path), found)
        else isPartial = true
      },
    ],
    [
      /(^|\/)node_modules\/\.package-lock\.json$/,
      16_384 * KIB,
      (path, bytes) => {
        const project = folderOf(folderOf(path))
        for (const [folder, hash] of readNodeHashes(`${bytes}`))
          nodeHashes.set(project === '' ? folder : `${project}/${folder}`, hash)
      },
    ],
    [
      /\.(dist-info\/METADATA|egg-info\/PKG-INFO|egg-info)$/,
      1_024 * KIB,
      (_, bytes) => {
        const found = readPythonPackage(`${bytes}`)
        if (found) add([found])
      },
    ],
  ]
  const readingOf = (path: string) => readings.find(([pattern]) => pattern.test(path))

  return {
    wants: (path, { bytes, isExecutable }) => {
      const limit = readingOf(path)?.[1] ?? (isExecutable && bytes > MIN_PROGRAM ? MAX_PROGRAM : 0)
      if (limit === 0 || bytes <= limit) return limit === 0 ? 0 : bytes
      isPartial = true
      return 0
    },
    read: (path, bytes) => {
      const reading = readingOf(path)?.[2]
      if (reading) reading(path, bytes)
      else if (bytes.subarray(0, 4).equals(ELF)) add(readGoModules(bytes))
    },
    cut: () => {
      isPartial = true
    },
    contents: () => ({
      os,
      packages: [
        ...packages,
        ...[...nodePackages].map(([folder, found]) => ({ ...found, hash: nodeHashes.get(folder) })),
      ],
      isPartial,
    }),
  }
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const ELF = Buffer.from('\x7fELF', 'latin1')
/** No Go program is smaller. */
const MIN_PROGRAM = 512 * KIB
const MAX_PROGRAM = 128 * KIB * KIB
