import { createHash } from 'node:crypto'
import type { TreeFile } from './read-tree.ts'

/**
 * The digest of a folder that in-toto calls `dirHash1`: Go's dirhash, in hex. Paths and contents count, modes do not.
 * https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md
 */
export const treeDigest = (files: readonly Pick<TreeFile, 'path' | 'bytes'>[]): string => {
  const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return sha256(sorted.map(({ path, bytes }) => `${sha256(bytes)}  ${path}\n`).join(''))
}
