import { createHash } from 'node:crypto'
import { leftOutBy } from '@pushfn/images/ignore-file'
import type { TreeFingerprint } from './tree-reader.ts'

/**
 * A hash over the files of a commit, but for those that `ignore` names as a `.dockerignore` would: two commits with one
 * fingerprint differ in ignored files alone, whatever lies between them. It covers `settings`, so that a change of what a
 * tenant settled is a change.
 */
export const fingerprintTree = (ignore: readonly string[], settings: unknown): TreeFingerprint & { end(): string } => {
  const isLeftOut = leftOutBy(ignore.join('\n'))
  const hash = createHash('sha256').update(`${JSON.stringify(settings)}\n`)
  return {
    take: (mode, object, path) => {
      // No folder is asked for, so that an exception below an ignored one counts.
      if (!isLeftOut(path, false)) hash.update(`${JSON.stringify([mode, object, path])}\n`)
    },
    end: () => hash.digest('hex'),
  }
}
