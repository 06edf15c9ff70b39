import { spawn } from 'node:child_process'

/** Runs one command of the iptables family and returns what it printed; `input` goes to its stdin. */
export type Iptables = (program: string, args: readonly string[], input?: string) => Promise<string>

const LIMIT_MS = 15_000

/**
 * Runs it here, or behind `prefix` where the host's network is another one (`['nsenter', '-t', '1', '-n']`). Arguments go
 * as an array; rejects with what the program wrote to stderr.
 */
export const runIptables =
  (prefix: readonly string[] = []): Iptables =>
  (program, args, input = '') =>
    new Promise((resolve, reject) => {
      const [command = program, ...rest] = [...prefix, program, ...args]
      const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], timeout: LIMIT_MS })
      const out: Buffer[] = []
      const err: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
      child.on('error', reject)
      /** A program that ends at once closes its stdin first; its exit says why. */
      child.stdin.on('error', () => undefined)
      child.on('close', (code) => {
        if (code === 0) return resolve(Buffer.concat(out).toString())
        const reason = Buffer.concat(err).toString().trim() || `exit ${code ?? 'by signal'}`
        reject(new Error(`${program}: ${reason.split('\n').slice(0, 2).join(' ')}`))
      })
      child.stdin.end(input)
    })
