import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { repositoryRoot } from './repository-root.ts'

/** Absolute path of the folder with all that a local cloud keeps: `PUSHFN_HOME`, else `.pushfn` in the checkout. Made when absent. */
export const openHome = async (): Promise<string> => {
  const home = resolve(process.env.PUSHFN_HOME || join(repositoryRoot, '.pushfn'))
  await mkdir(home, { recursive: true })
  return home
}

/** 32 random bytes in hex that stay the same from start to start, in a file that only its owner may read. */
export const keptSecret = async (path: string): Promise<string> => {
  const kept = await readFile(path, 'utf8').catch(() => '')
  if (kept.trim() !== '') return kept.trim()
  const secret = randomBytes(32).toString('hex')
  await writeFile(path, `${secret}\n`, { mode: 0o600 })
  return secret
}
