import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Git's environment: nothing of the machine's or the user's configuration reaches the stand-in. */
export const gitEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
})

export const git = async (directory: string, ...args: readonly string[]): Promise<string> => {
  const { stdout } = await execute('git', ['-C', directory, ...args], { env: gitEnvironment(), maxBuffer: 64 << 20 })
  return stdout
}

export const createBareRepository = async (directory: string, defaultBranch: string): Promise<void> => {
  await execute('git', ['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`, directory], {
    env: gitEnvironment(),
  })
  // As GitHub: any commit may be fetched by its name, partial clones are possible.
  await git(directory, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
  await git(directory, 'config', 'uploadpack.allowFilter', 'true')
  // No process of Git's may outlive its request: the folder goes when the stand-in stops.
  await git(directory, 'config', 'receive.autogc', 'false')
}

/** Every branch and tag with the commit (or tag object) it points at. */
export const refsOf = async (directory: string): Promise<Map<string, string>> => {
  const lines = (await git(directory, 'for-each-ref', '--format=%(refname) %(objectname)')).split('\n')
  return new Map(lines.filter(Boolean).map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']))
}

export interface RefChange {
  ref: string
  before: string
  after: string
}

export const NO_COMMIT = '0'.repeat(40)

export const changesBetween = (before: Map<string, string>, after: Map<string, string>): RefChange[] =>
  [...new Set([...before.keys(), ...after.keys()])]
    .map((ref) => ({ ref, before: before.get(ref) ?? NO_COMMIT, after: after.get(ref) ?? NO_COMMIT }))
    .filter((change) => change.before !== change.after)

export const hasCommit = (directory: string, sha: string): Promise<boolean> =>
  /^[0-9a-f]{40}$/.test(sha)
    ? git(directory, 'cat-file', '-e', `${sha}^{commit}`).then(
        () => true,
        () => false,
      )
    : Promise.resolve(false)

export const isAncestor = (directory: string, older: string, newer: string): Promise<boolean> =>
  git(directory, 'merge-base', '--is-ancestor', older, newer).then(
    () => true,
    () => false,
  )

export interface Commit {
  id: string
  tree: string
  authorName: string
  authorEmail: string
  at: string
  message: string
}

/** Up to 20 commits that `after` has and `before` has not, oldest first; `after` alone when the ref is new. */
export const commitsBetween = async (directory: string, before: string, after: string): Promise<Commit[]> => {
  if (after === NO_COMMIT) return []
  const range = before === NO_COMMIT ? ['-1', after] : ['-20', after, `^${before}`]
  const text = await git(directory, 'log', '-z', '--format=%H%n%T%n%an%n%ae%n%cI%n%B', ...range, '--')
  return text
    .split('\0')
    .filter(Boolean)
    .map((entry) => {
      const [id = '', tree = '', authorName = '', authorEmail = '', at = '', ...message] = entry.split('\n')
      return { id, tree, authorName, authorEmail, at, message: message.join('\n').trimEnd() }
    })
    .reverse()
}
