import { spawn } from 'node:child_process'

export interface GitOptions {
  cwd: string
  /** Protocols that a remote may have: `https`; tests add `file`. */
  protocols: readonly string[]
  /** Where the remote's host is, `host:port:address,…`: git asks no resolver again, which might answer otherwise now. */
  resolved?: string
  signal: AbortSignal
}

/** What is wrong with a source, in words for the tenant who named it. */
export class SourceProblem extends Error {
  override readonly name = 'SourceProblem'
}

/**
 * Runs git with nothing of this machine's or a repository's own configuration in play: no prompts, hooks, filters,
 * submodules, links, redirects or credentials. Resolves with stdout; rejects with what git said, which may tell of the
 * network and is for operators.
 */
export const git = (args: readonly string[], options: GitOptions): Promise<string> => {
  const settings = [
    ...SETTINGS,
    ...options.protocols.map((protocol) => `protocol.${protocol}.allow=always`),
    ...(options.resolved ? [`http.curloptResolve=${options.resolved}`] : []),
  ]
  const child = spawn('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
    cwd: options.cwd,
    signal: options.signal,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ALLOW_PROTOCOL: options.protocols.join(':'),
      GIT_LFS_SKIP_SMUDGE: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      // The operator's own certificate authorities.
      ...(process.env.GIT_SSL_CAINFO && { GIT_SSL_CAINFO: process.env.GIT_SSL_CAINFO }),
    },
  })
  return new Promise((resolve, reject) => {
    const out: Buffer[] = []
    let outBytes = 0
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      outBytes += chunk.length
      if (outBytes > MAX_OUTPUT_BYTES) child.kill('SIGKILL')
      else out.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-2_000)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (outBytes > MAX_OUTPUT_BYTES) reject(new SourceProblem('it has too many files to be listed'))
      else if (code === 0) resolve(Buffer.concat(out).toString('utf8'))
      else reject(new Error(`git ${args[0]} ended with ${code}: ${said.trim()}`))
    })
  })
}

/** A few objects can name themselves so often that a list of them never ends. */
const MAX_OUTPUT_BYTES = 4_194_304

const SETTINGS = [
  'protocol.allow=never',
  'core.hooksPath=/dev/null',
  'core.symlinks=false',
  'core.fsmonitor=false',
  'core.protectHFS=true',
  'core.protectNTFS=true',
  'fetch.fsckObjects=true',
  'submodule.recurse=false',
  'credential.helper=',
  'http.followRedirects=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=20',
]
