import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryRoot } from '@pushfn/local/repository-root'

const execute = promisify(execFile)

/** A push waits in git for its build: one that never hears of its end shows as a push that failed. */
const PUSH_LIMIT_MS = 180_000

/** A tenant's working copy, and the real `git`. */
export interface WorkingCopy extends AsyncDisposable {
  readonly folder: string
  /** Files by path; `null` removes one. */
  write(files: Record<string, string | null>): Promise<void>
  link(path: string, target: string): Promise<void>
  /** Commits everything and returns the commit. */
  commit(message?: string): Promise<string>
  /** Pushes HEAD to one or more branches and returns what git wrote for the pusher: the `remote: …` lines among it. Never throws for a refusal. */
  push(
    url: string,
    branch?: string | readonly string[],
    ...options: string[]
  ): Promise<{ code: number; output: string }>
  git(...args: string[]): Promise<string>
}

/** A new repository, with the files of an example when one is named. */
export const aWorkingCopy = async (example?: string): Promise<WorkingCopy> => {
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-copy-'))
  if (example) await cp(join(repositoryRoot, 'examples', example), folder, { recursive: true })
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  }
  const git = async (...args: string[]) => {
    const { stdout } = await execute('git', ['-C', folder, ...args], { env, maxBuffer: 67_108_864 })
    return stdout.trim()
  }
  await git('init', '--quiet', '--initial-branch=main')
  return {
    folder,
    git,
    write: async (files) => {
      for (const [path, text] of Object.entries(files)) {
        await rm(join(folder, path), { force: true })
        if (text === null) continue
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      }
    },
    link: async (path, target) => {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await symlink(target, join(folder, path))
    },
    commit: async (message = 'change') => {
      await git('add', '--all')
      await git('commit', '--quiet', '--allow-empty', '--message', message)
      return git('rev-parse', 'HEAD')
    },
    push: async (url, branch = 'main', ...options) => {
      try {
        const { stdout, stderr } = await execute(
          'git',
          ['-C', folder, 'push', ...options, url, ...[branch].flat().map((name) => `HEAD:refs/heads/${name}`)],
          { env, maxBuffer: 67_108_864, timeout: PUSH_LIMIT_MS },
        )
        return { code: 0, output: stdout + stderr }
      } catch (thrown) {
        // execFile rejects with an Error that carries these three.
        const failed = thrown as { code?: number; stdout?: string; stderr?: string }
        return { code: failed.code ?? 1, output: `${failed.stdout}${failed.stderr}` }
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
