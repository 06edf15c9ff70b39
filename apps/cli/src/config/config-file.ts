import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../failure.ts'

/** The clouds that somebody signed in to, by their address. */
export const Config = z.object({
  /** The one that is asked unless another is named. */
  current: z.string().nullable(),
  clouds: z.record(z.string(), z.object({ token: z.string(), tenant: z.string().optional() })),
})
export type Config = z.infer<typeof Config>

type Env = Readonly<Record<string, string | undefined>>

/** By the XDG Base Directory Specification. */
export const configPath = (env: Env): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'pushfn', 'config.json')

export const readConfig = async (env: Env): Promise<Config> => {
  const path = configPath(env)
  const text = await readFile(path, 'utf8').catch((err: unknown) => {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return undefined
    throw unreadable(path, err)
  })
  if (text === undefined) return { current: null, clouds: {} }
  try {
    return Config.parse(JSON.parse(text))
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** Half a file is never seen, and nobody else may read it: it holds tokens. */
export const writeConfig = async (env: Env, config: Config): Promise<void> => {
  const path = configPath(env)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  try {
    await writeFile(draft, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (err) {
    await rm(draft, { force: true })
    throw err
  }
}

const unreadable = (path: string, cause: unknown): Failure =>
  new Failure('usage', `${path} cannot be read`, { cause, hint: 'remove it and sign in again: pushfn login' })
