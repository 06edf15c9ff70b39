import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'
import { postgresUserFor } from './postgres-user.ts'
import { runCommand } from './run-command.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pushfn-postgres-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

const query = async (url: string, sql: string) => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('what was committed is there again after the server was killed and its pid file left behind', async () => {
  const first = await startPostgres({ dataDir })
  await query(first.url, 'CREATE TABLE kept (id int)')
  await query(first.url, 'INSERT INTO kept VALUES (7)')
  const pid = Number((await readFile(join(dataDir, 'cluster/postmaster.pid'), 'utf8')).split('\n')[0])
  process.kill(pid, 'SIGKILL')
  await first.stop()
  const second = await startPostgres({ dataDir })
  try {
    expect(await query(second.url, 'SELECT id FROM kept')).toEqual([{ id: 7 }])
  } finally {
    await second.stop()
  }
})

test('a server that still runs from an earlier start gives way', async () => {
  const left = await startPostgres({ dataDir })
  const next = await startPostgres({ dataDir })
  try {
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await expect(query(left.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
  } finally {
    await next.stop()
  }
})

test.runIf(process.getuid?.() === 0)('its processes reach programs under a folder that is root’s alone', async () => {
  const folder = join(dataDir, 'closed')
  await mkdir(folder, { mode: 0o700 })
  await copyFile('/bin/true', join(folder, 'program'))
  const { privileges } = await postgresUserFor([join(folder, 'program')])
  const tries = ['test', '-x', join(folder, 'program')]
  await runCommand('setpriv', [...privileges, '--', ...tries], { timeoutMs: 5_000 })
  const caps = await runCommand('setpriv', [...privileges, '--', 'setpriv', '--dump'], { timeoutMs: 5_000 })
  expect(caps).toMatch(/^Ambient capabilities: dac_read_search$/m)
})

test('its user may create databases but is no superuser, so that SQL reads no files', async () => {
  const server = await startPostgres({ dataDir })
  try {
    await query(server.url, 'CREATE DATABASE another')
    await expect(query(server.url, "SELECT pg_read_file('/etc/passwd')")).rejects.toThrow('permission denied')
  } finally {
    await server.stop()
  }
})
