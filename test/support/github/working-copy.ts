import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { git } from './refs.ts'

export interface WorkingCopy extends AsyncDisposable {
  directory: string
  /** Writes files (path → content, undefined removes one), commits them, and returns the commit's name. */
  commit(files: Readonly<Record<string, string | undefined>>, message?: string): Promise<string>
  /** Runs git in the copy: `push`, `tag`, `reset`; rejects with git's own words when it fails. */
  git(...args: readonly string[]): Promise<string>
}

/** A person's clone on a branch, with a real git; `url` bears the password. */
export const createWorkingCopy = async (url: string, branch = 'main'): Promise<WorkingCopy> => {
  const directory = await mkdtemp(join(tmpdir(), 'pushfn-copy-'))
  await git(directory, 'init', '--quiet', `--initial-branch=${branch}`)
  await git(directory, 'remote', 'add', 'origin', url)
  await git(directory, 'config', 'user.name', 'A Developer')
  // A person per copy: two tenants that commit the same at the same second must not make the same commit.
  await git(directory, 'config', 'user.email', `${randomUUID()}@example.test`)
  return {
    directory,
    commit: async (files, message = 'a change') => {
      for (const [path, content] of Object.entries(files)) {
        const target = join(directory, path)
        await mkdir(dirname(target), { recursive: true })
        await (content === undefined ? rm(target) : writeFile(target, content))
      }
      await git(directory, 'add', '--all')
      await git(directory, 'commit', '--quiet', '--allow-empty', `--message=${message}`)
      return (await git(directory, 'rev-parse', 'HEAD')).trim()
    },
    git: (...args) => git(directory, ...args),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
