import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { skipMarker } from '@pushfn/model/skip-marker'

const execute = promisify(execFile)

/**
 * What git sees of the environment: nothing of ours, no configuration of the machine's, no prompt, no hook. Repositories
 * are the tenants', so git runs on hostile data everywhere here.
 */
export const gitEnvironment = (): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  LANG: 'C.UTF-8',
})

/** Repositories of the builtin forge lie by id, never by a name that somebody chose. */
export const repositoryFolder = (dataDir: string, repositoryId: string): string =>
  join(dataDir, 'git', `${repositoryId}.git`)

/** Makes the bare repository unless it is there; half a one is never seen. */
export const ensureBareRepository = async (dataDir: string, repositoryId: string): Promise<string> => {
  const folder = repositoryFolder(dataDir, repositoryId)
  if (await stat(folder).catch(() => undefined)) return folder
  await mkdir(join(dataDir, 'git'), { recursive: true })
  const draft = `${folder}.${randomUUID()}`
  await execute('git', ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', draft], {
    env: gitEnvironment(),
  })
  try {
    await rename(draft, folder)
  } catch {
    // Another first push was faster.
    await rm(draft, { recursive: true, force: true })
  }
  return folder
}

/** What a commit says. All of it is the tenant's text. */
export interface CommitWords {
  /** Its subject line. */
  message: string
  author: string
  /** The words by which it asks not to be built. */
  skip: string | undefined
}

const MAX_WORDS_BYTES = 1_048_576

/** A commit's words, for people; of a message without an end only its beginning counts. */
export const describeCommit = async (folder: string, sha: string): Promise<CommitWords> => {
  const { stdout } = await execute('git', ['-C', folder, 'log', '-1', '--format=%an%n%s%n%B', sha, '--'], {
    env: gitEnvironment(),
    timeout: 5_000,
    maxBuffer: MAX_WORDS_BYTES,
  }).catch((err: unknown) => {
    if (isCutOff(err)) return err
    throw err
  })
  const [author = '', message = '', ...body] = stdout.split('\n')
  return { message, author, skip: skipMarker(body.join('\n')) }
}

const isCutOff = (err: unknown): err is Error & { stdout: string } =>
  err instanceof Error && 'code' in err && err.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' && 'stdout' in err

/** The commit behind a tag, be it one with a message; undefined when it is one of something else. */
export const commitBehind = (folder: string, object: string): Promise<string | undefined> =>
  execute('git', ['-C', folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${object}^{commit}`], {
    env: gitEnvironment(),
    timeout: 5_000,
  }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )

/** Makes a branch the one that a clone checks out. */
export const pointHead = async (folder: string, branch: string): Promise<void> => {
  await execute('git', ['-C', folder, 'symbolic-ref', 'HEAD', `refs/heads/${branch}`], {
    env: gitEnvironment(),
    timeout: 5_000,
  })
}

/** Branch heads as the repository has them: `refs/heads/main` → commit. */
export const branchHeads = async (folder: string): Promise<Map<string, string>> => {
  const { stdout } = await execute(
    'git',
    ['-C', folder, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads'],
    {
      env: gitEnvironment(),
      timeout: 10_000,
      maxBuffer: 16_777_216,
    },
  )
  return new Map(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line): [string, string] => {
        const [ref = '', sha = ''] = line.split(' ')
        return [ref, sha]
      }),
  )
}
