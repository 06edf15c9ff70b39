import { spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@pushfn/model/errors'
import { refused } from './refused.ts'

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
 * What a tenant's repository must not reach: the machine's configuration, hooks, filters, other protocols, redirects; and
 * more of its memory than one checkout needs. `http` is for the builtin forge and for tests; where a repository is fetched
 * from is never the tenant's word.
 */
const CONFIGURATION = Object.entries({
  'protocol.allow': 'never',
  'protocol.https.allow': 'always',
  'protocol.http.allow': 'always',
  // Large files go through git in pieces, and packs stay packed on the disk: what unpacks to gigabytes does not do so here.
  'core.bigFileThreshold': '16m',
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.packedGitLimit': '256m',
  'core.symlinks': 'true',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'core.autocrlf': 'false',
  'credential.helper': '',
  'fetch.fsckObjects': 'true',
  'fetch.unpackLimit': '1',
  'filter.lfs.smudge': '',
  'filter.lfs.required': 'false',
  'gc.auto': '0',
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '20',
  'pack.threads': '1',
  'submodule.recurse': 'false',
}).flatMap(([key, value]) => ['-c', `${key}=${value}`])

/** Address space of each of git's processes: an object that needs more is no file that a function has. */
const MAX_MEMORY_BYTES = 1_073_741_824
const MAX_COMPLAINT_BYTES = 16_384

/**
 * Runs git and hands its standard output to `onOutput` as it comes, nothing of it is kept; what `onOutput` throws ends git
 * and is thrown. Throws CHECKOUT_REFUSED when git came to a limit of its own, CHECKOUT_FAILED with what it said otherwise,
 * without the secret.
 */
export const git = async (
  args: readonly string[],
  options: GitOptions,
  onOutput: (chunk: Buffer) => void = () => undefined,
): Promise<void> => {
  const limits = [`--fsize=${options.maxFileBytes}`, `--as=${MAX_MEMORY_BYTES}`, '--core=0']
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  signal.throwIfAborted()
  const child = spawn('prlimit', [...limits, '--', 'git', ...CONFIGURATION, ...args], {
    cwd: options.folder,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  // Its children too: the one that speaks to the forge waits there for a while otherwise.
  const kill = () => killGroup(child.pid)
  signal.addEventListener('abort', kill)
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < MAX_COMPLAINT_BYTES) complaint += chunk.toString('utf8')
  })
  child.stdout.on('data', (chunk: Buffer) => {
    if (stop.signal.aborted) return
    try {
      onOutput(chunk)
    } catch (thrown) {
      stop.abort(thrown)
    }
  })
  const ended = Promise.withResolvers<string | undefined>()
  child.on('error', ended.reject)
  child.on('close', (code, by) => ended.resolve(code === 0 ? undefined : `${code ?? by}`))
  const end = await ended.promise.finally(() => signal.removeEventListener('abort', kill))
  signal.throwIfAborted()
  if (end !== undefined) throw await failed(args, end, complaint, options)
}

/** What has ended is gone, also when nobody was told yet: an error in an abort's listener would end the whole builder. */
const killGroup = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (err) {
    if (!(err instanceof Error && 'code' in err && err.code === 'ESRCH')) throw err
  }
}

const environment = (options: GitOptions): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LANG: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_LFS_SKIP_SMUDGE: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  ...(options.caFile && { GIT_SSL_CAINFO: options.caFile }),
  ...(options.authorization && {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${options.authorization}`,
  }),
})

/** A limit that git ran into, or what it found wrong in the objects, is there next time too; all else may be the forge's. */
const failed = async (args: readonly string[], end: string, said: string, options: GitOptions): Promise<AppError> => {
  const complaint = withoutUrls(said)
  if (end === 'SIGXFSZ' || (await isPackAtLimit(options))) {
    const limit = (options.maxFileBytes / 1_048_576).toFixed(1)
    return refused(`the commit’s files have more than ${limit} MiB packed: make the repository smaller`)
  }
  if (/out of memory|malloc failed|cannot allocate/i.test(complaint)) {
    return refused('a file of the repository is too large, or too tightly packed, to be fetched: make it smaller')
  }
  const [, fault] = /(?:error|fatal): (?:object )?([0-9a-f]{40}: \w+: [^\n]*)/.exec(complaint) ?? []
  if (fault) return refused(`git refuses an object of the repository: ${fault.slice(0, 300)}; “git fsck” shows it`)
  const message = `git ${args[0]} ended with ${end}: ${complaint.slice(0, 2_000)}`
  return new AppError('CHECKOUT_FAILED', message, { hint: 'the commit could not be fetched from the forge' })
}

/** Of the process that writes the pack, and ends by the signal for a file too large, git says nothing. */
const isPackAtLimit = async ({ folder, maxFileBytes }: GitOptions): Promise<boolean> => {
  const packs = join(folder, '.git/objects/pack')
  const names = await readdir(packs).catch(() => [])
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(packs, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.some((size) => size >= maxFileBytes)
}

const withoutUrls = (complaint: string): string => complaint.replace(/https?:\/\/\S+/g, '<url>')
