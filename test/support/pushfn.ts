import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { repositoryRoot } from '@pushfn/local/repository-root'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Record<string, string>
  input?: string
  folder?: string
}

/** Somebody with the command line, as it is built, and a home of their own. */
export interface CommandLine extends AsyncDisposable {
  readonly home: string
  /** Where programs leave what they need for a while. */
  readonly scratch: string
  run(args: readonly string[], options?: RunOptions): Promise<Ended>
  /** One that goes on; its end is promised. */
  start(
    args: readonly string[],
    options?: RunOptions,
  ): { child: ChildProcess; ended: Promise<Ended>; said: () => string }
  /** Puts a program of that name before all others: a script for sh. */
  replace(program: string, script: string): Promise<void>
}

export const aCommandLine = async (own: Record<string, string> = {}): Promise<CommandLine> => {
  const home = await mkdtemp(join(tmpdir(), 'pushfn-home-'))
  const scratch = join(home, 'scratch')
  const programs = join(home, 'bin')
  await Promise.all([mkdir(scratch), mkdir(programs)])
  const start: CommandLine['start'] = (args, { env = {}, input = '', folder = home } = {}) => {
    const child = spawn(process.execPath, [join(repositoryRoot, 'apps/cli/bin/pushfn.js'), ...args], {
      cwd: folder,
      env: {
        PATH: [programs, process.env.PATH].join(delimiter),
        HOME: home,
        TMPDIR: scratch,
        GIT_CONFIG_NOSYSTEM: '1',
        // What is compiled once serves all.
        NODE_COMPILE_CACHE: join(repositoryRoot, 'node_modules/.cache/pushfn'),
        ...own,
        ...env,
      },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, stdout, stderr }))
    })
    return { child, ended, said: () => stdout }
  }
  return {
    home,
    scratch,
    start,
    run: (args, options) => start(args, options).ended,
    replace: (program, script) => writeFile(join(programs, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}
