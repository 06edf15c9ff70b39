import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFreePort, isPortTaken } from './free-port.ts'
import { type App, superviseApps } from './processes.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pushfn-processes-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** An app that is ready at once and says when it is asked to end. */
const anApp = async (name: string): Promise<{ app: App; port: number }> => {
  const main = join(dir, `${name}.mjs`)
  const port = await findFreePort()
  await writeFile(
    main,
    `import { appendFileSync } from 'node:fs'
     import { createServer } from 'node:http'
     createServer((req, res) => res.end('ok')).listen(${port}, '127.0.0.1')
     process.on('SIGTERM', () => { appendFileSync(${JSON.stringify(join(dir, 'ends'))}, '${name} '); process.exit(0) })`,
  )
  return { app: { name, main, env: process.env, readyUrl: `http://127.0.0.1:${port}/readyz` }, port }
}

test('an app that dies is started again, and all end in the reverse order', async () => {
  const [first, second] = [await anApp('first'), await anApp('second')]
  const said: string[] = []
  const supervisor = await superviseApps([first.app, second.app], { dir, say: (line) => said.push(line) })
  const pidOf = async (name: string) => Number(await readFile(join(dir, `${name}.pid`), 'utf8'))
  const before = await pidOf('second')
  process.kill(before, 'SIGKILL')
  await expect.poll(() => isPortTaken(second.port), { timeout: 10_000 }).toBe(false)
  await expect.poll(() => isPortTaken(second.port), { timeout: 10_000 }).toBe(true)
  expect(await pidOf('second')).not.toBe(before)
  expect(said).toEqual([expect.stringMatching(/^second ended with SIGKILL; it is started again in 0\.5 s/)])
  await supervisor.stop()
  expect(await readFile(join(dir, 'ends'), 'utf8')).toBe('second first ')
  expect(await isPortTaken(first.port)).toBe(false)
})

test('one that cannot start is told with the end of its log, and nothing stays behind', async () => {
  const { app, port } = await anApp('good')
  const main = join(dir, 'bad.mjs')
  await writeFile(main, `console.error('DATABASE_URL is not set'); process.exit(78)`)
  const bad = { name: 'bad', main, env: process.env, readyUrl: 'http://127.0.0.1:9/readyz' }
  await expect(superviseApps([app, bad], { dir, say: () => {} })).rejects.toThrow(
    /bad ended with code 78\..*\nDATABASE_URL is not set/s,
  )
  expect(await isPortTaken(port)).toBe(false)
})
