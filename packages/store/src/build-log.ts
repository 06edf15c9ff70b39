import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { BuildEvent } from '@pushfn/model/build-event'
import type { Database, Transaction } from './database.ts'

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** Keeps a finished build's events: JSON lines, gzip. A second write replaces the first. */
export const storeBuildLog = async (
  db: Database | Transaction,
  buildId: string,
  events: readonly BuildEvent[],
): Promise<void> => {
  const data = new Uint8Array(await compress(events.map((event) => JSON.stringify(event)).join('\n')))
  await db.buildLog.upsert({ where: { buildId }, create: { buildId, events: data }, update: { events: data } })
}

/** The stored events of a build, undefined while it runs. */
export const readBuildLog = async (db: Database, buildId: string): Promise<BuildEvent[] | undefined> => {
  const row = await db.buildLog.findUnique({ where: { buildId } })
  if (!row) return undefined
  const text = (await expand(row.events)).toString('utf8')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => BuildEvent.parse(JSON.parse(line)))
}
