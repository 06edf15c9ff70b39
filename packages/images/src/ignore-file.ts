import dockerIgnore from '@balena/dockerignore'
import type { IsLeftOut } from './read-tree.ts'

// The package is CommonJS and exports the function itself; its types speak of a default export instead.
const createIgnore = dockerIgnore as unknown as typeof dockerIgnore.default

/** What a `.dockerignore` leaves out, as Docker's own client reads it. The Dockerfile itself always goes. */
export const leftOutBy = (text: string): IsLeftOut => {
  const rules = text.replace(/^\uFEFF/, '')
  const ignores = createIgnore().add(rules).createFilter()
  // With exceptions, a folder that is left out may hold a file that is not.
  const hasExceptions = /^\s*!/m.test(rules)
  return (path, isFolder) => {
    if (path === 'Dockerfile' || (isFolder && hasExceptions)) return false
    return !ignores(path)
  }
}
