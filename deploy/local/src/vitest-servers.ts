import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'

/**
 * vitest's global set-up: one throwaway PostgreSQL and Redis for the whole run. Tests find them in
 * `PUSHFN_TEST_DATABASE_URL` (its user may create databases: each suite makes its own) and `PUSHFN_TEST_REDIS_URL`.
 * Servers that the environment names already are used as they are, which is also how two projects of one run share them.
 */
export default async (): Promise<() => Promise<void>> => {
  if (process.env.PUSHFN_TEST_DATABASE_URL && process.env.PUSHFN_TEST_REDIS_URL) return async () => {}
  await using undo = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'pushfn-test-servers-'))
  undo.defer(() => rm(dir, { recursive: true, force: true }))
  const postgres = await startPostgres({ dataDir: join(dir, 'postgres'), isThrowaway: true })
  undo.defer(() => postgres.stop())
  const redis = await startRedis({ dir: join(dir, 'redis'), isThrowaway: true })
  undo.defer(() => redis.stop())
  process.env.PUSHFN_TEST_DATABASE_URL = postgres.url
  process.env.PUSHFN_TEST_REDIS_URL = redis.url
  const end = undo.move()
  return () => end.disposeAsync()
}
