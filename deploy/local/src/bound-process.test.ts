import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBoundProcess } from './bound-process.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pushfn-bound-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('it ends when the process that started it is killed', async () => {
  const module = new URL('./bound-process.ts', import.meta.url).href
  const script = `
    const { startBoundProcess } = await import(${JSON.stringify(module)})
    const child = await startBoundProcess('sleep', ['300'], { logPath: ${JSON.stringify(join(dir, 'a.log'))} })
    console.log(child.pid)
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [data] = await once(parent.stdout, 'data')
  const pid = Number(String(data))
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
})

test('one that does not heed SIGTERM is killed when its time is over', async () => {
  const deaf = await startBoundProcess('bash', ['-c', 'trap "" TERM; echo deaf; while :; do sleep 1; done'], {
    logPath: join(dir, 'deaf.log'),
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  await deaf.stop({ limitMs: 300 })
  expect(await deaf.ended).toBe('SIGKILL')
})

test('stopping what has ended is no error', async () => {
  const short = await startBoundProcess('true', [], { logPath: join(dir, 'true.log') })
  expect(await short.ended).toBe('code 0')
  await short.stop()
})
