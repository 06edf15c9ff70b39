import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { AppError } from '@pushfn/model/errors'

export interface GitOptions {
  folder: string
  signal: AbortSignal
  /** No file that git writes may be larger: a pack is one. */
  maxFileBytes: number
  /** Value of the Authorization header. In the environment, never among the arguments, where any process could read it. */
  authorization?: string
  /** The operators' own certificate authorities. */
  caFile?: string
}

/**
 * What a tenant's repository must not reach: the machine's configuration, hooks, filters, other protocols, redirects.
 * `http` is for the builtin forge and for tests; where a repository is fetched from is never the tenant's word.
 */
const CONFIGURATION = Object.entries({
  'protocol.allow': 'never',
  'protocol.https.allow': 'always',
  'protocol.http.allow': 'always',
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'core.autocrlf': 'false',
  'credential.helper': '',
  'fetch.fsckObjects': 'true',
  'filter.lfs.smudge': '',
  'filter.lfs.required': 'false',
  'gc.auto': '0',
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '20',
  'submodule.recurse': 'false',
}).flatMap(([key, value]) => ['-c', `${key}=${value}`])

const MAX_OUTPUT_CHARACTERS = 67_108_864

/** Runs git and returns its standard output. Throws CHECKOUT_FAILED with what it said, without the secret. */
export const git = async (args: readonly string[], options: GitOptions): Promise<string> => {
  const child = spawn(
    'prlimit',
    [`--fsize=${options.maxFileBytes}`, '--core=0', '--', 'git', ...CONFIGURATION, ...args],
    {
      cwd: options.folder,
      env: environment(options),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: options.signal,
      killSignal: 'SIGKILL',
    },
  )
  const ended = Promise.withResolvers<number | null>()
  child.on('error', ended.reject)
  child.on('close', ended.resolve)
  const [output, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise])
  if (code === 0 && output.length <= MAX_OUTPUT_CHARACTERS) return output
  throw new AppError(
    'CHECKOUT_FAILED',
    `git ${args[0]} ended with ${code}: ${withoutUrls(complaint).slice(0, 2_000)}`,
    {
      hint: 'the commit could not be fetched from the forge',
    },
  )
}

const environment = (options: GitOptions): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LANG: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_LFS_SKIP_SMUDGE: '1',
  ...(options.caFile && { GIT_SSL_CAINFO: options.caFile }),
  ...(options.authorization && {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${options.authorization}`,
  }),
})

const withoutUrls = (complaint: string): string => complaint.replace(/https?:\/\/\S+/g, '<url>')
