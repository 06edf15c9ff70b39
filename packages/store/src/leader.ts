import { Client } from 'pg'

/**
 * One process leads. The lock is a Postgres session's: it is free again the moment the leader's connection ends, and no
 * clock is involved. `lost` settles when the connection broke: the process must stop what only a leader may do.
 */
export interface Leadership extends AsyncDisposable {
  readonly lost: Promise<Error>
}

/** Waits until this process leads, or the signal comes (then it throws the signal's reason). */
export const becomeLeader = async (databaseUrl: string, name: string, signal: AbortSignal): Promise<Leadership> => {
  const client = new Client({ connectionString: databaseUrl, keepAlive: true })
  const lost = Promise.withResolvers<Error>()
  client.on('error', lost.resolve)
  client.on('end', () => lost.resolve(new Error('the connection ended')))
  const stop = () => void client.end()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [`pushfn:leader:${name}`])
  } catch (err) {
    await client.end().catch(() => undefined)
    signal.throwIfAborted()
    throw err
  } finally {
    signal.removeEventListener('abort', stop)
  }
  return {
    lost: lost.promise,
    [Symbol.asyncDispose]: async () => {
      await client.end().catch(() => undefined)
    },
  }
}
