import { z } from 'zod'
import { type FoundPackage, tidy } from './found-package.ts'

const Text = z.string().optional().catch(undefined)
const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z
    .union([z.string(), z.object({ type: Text }).transform(({ type }) => type)])
    .optional()
    .catch(undefined),
})

/** An installed package's `package.json`; undefined for what is none. */
export const readNodePackage = (text: string): FoundPackage | undefined => {
  const parsed = Manifest.safeParse(parseJson(text)).data
  const name = tidy(parsed?.name)
  const version = tidy(parsed?.version)
  if (!name || !version || !/^(@[^/@]+\/)?[^/@]+$/.test(name)) return undefined
  return { kind: 'npm', name, version, license: tidy(parsed?.license) }
}

const Lockfile = z.object({ packages: z.record(z.string(), z.object({ integrity: Text })) })

/**
 * The hashes that npm checked, by the package's folder: `node_modules/.package-lock.json` says what was installed.
 * https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json
 */
export const readNodeHashes = (text: string): ReadonlyMap<string, FoundPackage['hash']> => {
  const { packages = {} } = Lockfile.safeParse(parseJson(text)).data ?? {}
  return new Map(Object.entries(packages).map(([folder, { integrity }]) => [folder, hashOf(integrity)]))
}

/** https://www.w3.org/TR/SRI/ */
const hashOf = (integrity: string | undefined): FoundPackage['hash'] => {
  const [, bits, base64 = ''] = /^sha(1|256|384|512)-([A-Za-z0-9+/]{20,100}={0,2})(\s|$)/.exec(integrity ?? '') ?? []
  const algorithm = ({ 1: 'SHA-1', 256: 'SHA-256', 384: 'SHA-384', 512: 'SHA-512' } as const)[Number(bits)]
  const hex = Buffer.from(base64, 'base64').toString('hex')
  return algorithm && hex.length === LENGTHS[algorithm] ? { algorithm, hex } : undefined
}

const LENGTHS = { 'SHA-1': 40, 'SHA-256': 64, 'SHA-384': 96, 'SHA-512': 128 }

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
