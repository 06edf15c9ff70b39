import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRedis } from './redis.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pushfn-redis-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const ask = async (url: string, command: string): Promise<string> => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(`${command}\r\nQUIT\r\n`)
  return text(socket)
}

test('what it was told is there after a restart, and it never evicts', async () => {
  const first = await startRedis({ dir })
  await ask(first.url, 'SET kept 7')
  await first.stop()
  const second = await startRedis({ dir })
  try {
    expect(await ask(second.url, 'GET kept')).toContain('7')
    expect(await ask(second.url, 'CONFIG GET maxmemory-policy')).toContain('noeviction')
    expect(await ask(second.url, 'CONFIG GET bind')).toContain('127.0.0.1')
  } finally {
    await second.stop()
  }
})
