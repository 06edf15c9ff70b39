import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Context } from '../context.ts'
import { configPath, readConfig, writeConfig } from './config-file.ts'
import { findCloud } from './find-cloud.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'pushfn-config-'))
})
afterAll(() => rm(home, { recursive: true }))

const at = (env: Record<string, string>, cloud?: string): Context => ({
  env,
  options: { cloud },
  signal: AbortSignal.any([]),
  folder: home,
})
const TWO = {
  current: 'https://b.example',
  clouds: { 'https://a.example': { token: 'pf_a' }, 'https://b.example': { token: 'pf_b', tenant: 'ada' } },
}

test('what is written is for its owner alone, is read again, and leaves no draft', async () => {
  const env = { XDG_CONFIG_HOME: join(home, 'kept') }
  await writeConfig(env, TWO)
  await writeConfig(env, TWO)
  expect(await readConfig(env)).toEqual(TWO)
  expect((await stat(configPath(env))).mode & 0o777).toBe(0o600)
  expect((await stat(join(home, 'kept/pushfn'))).mode & 0o777).toBe(0o700)
  expect(await readdir(join(home, 'kept/pushfn'))).toEqual(['config.json'])
})

test('a file that is none is told of by its name, without what stands in it', async () => {
  const env = { XDG_CONFIG_HOME: join(home, 'broken') }
  await mkdir(join(home, 'broken/pushfn'), { recursive: true })
  await writeFile(configPath(env), '{"token": "pf_secret')
  await expect(readConfig(env)).rejects.toThrow(/^.*config\.json cannot be read$/)
})

test('the cloud is the one named, else that of the environment, else the last', async () => {
  const env = { XDG_CONFIG_HOME: join(home, 'many') }
  await writeConfig(env, TWO)
  expect((await findCloud(at(env))).token).toBe('pf_b')
  expect((await findCloud(at(env, 'a.example'))).token).toBe('pf_a')
  expect((await findCloud(at({ ...env, PUSHFN_URL: 'https://a.example' }))).token).toBe('pf_a')
})

test('the token of the environment goes to the cloud of the environment, and nowhere else', async () => {
  const env = { XDG_CONFIG_HOME: join(home, 'many'), PUSHFN_TOKEN: 'pf_env' }
  await expect(findCloud(at(env))).rejects.toThrow('PUSHFN_URL is not')
  const both = { ...env, PUSHFN_URL: 'https://c.example' }
  expect(await findCloud(at(both))).toEqual({ url: 'https://c.example', token: 'pf_env' })
  expect((await findCloud(at(both, 'a.example'))).token).toBe('pf_a')
  await expect(findCloud(at(both, 'd.example'))).rejects.toThrow('not signed in to https://d.example')
})
