import { setTimeout as sleep } from 'node:timers/promises'
import { TERMINAL_STATES } from '@pushfn/model/build-state'
import { openDatabase } from '@pushfn/store/database'
import type { World } from '../../support/world.ts'

/** What the database says of a world's builds. */
export const openLedger = (world: World) => {
  const db = openDatabase(world.databaseUrl, 3)
  const buildOf = (sha: string) =>
    db.build.findFirst({
      where: { push: { sha } },
      orderBy: { push: { sequence: 'desc' } },
      include: { push: true, revisions: true, reports: true },
    })
  /** Resolves when no build is open. */
  const untilEnded = (timeoutMs: number) =>
    until('no open build', timeoutMs, async () => {
      const open = await db.build.findMany({ where: { state: { notIn: [...TERMINAL_STATES] } } })
      return open.length === 0 || { not: open }
    }).catch(async (err) => {
      const said = (await world.logOf('builder')).trimEnd().split('\n').slice(-25)
      throw new Error(`${err.message}\nthe builder said last:\n${said.map((line) => line.slice(0, 240)).join('\n')}`)
    })
  return {
    db,
    /** The newest build of a commit. */
    buildOf,
    /** Resolves when the commit's build is in the state. */
    untilState: async (sha: string, state: string, timeoutMs = 30_000) =>
      until(`build of ${sha} ${state}`, timeoutMs, async () => {
        const build = await buildOf(sha).catch(() => null)
        return build?.state === state ? build : { not: build?.state ?? 'none', because: build?.failure }
      }),
    untilEnded,
    /** Resolves when no build is open, and nothing is left to tell the forges. */
    untilQuiet: async (timeoutMs: number) => {
      await untilEnded(timeoutMs)
      await until('all told', timeoutMs, async () => {
        const untold: unknown[] = await db.$queryRaw`
          SELECT build_id, context, state, version, sent, tries, due_at FROM reports WHERE sent < version`
        return untold.length === 0 || { not: untold }
      })
    },
    [Symbol.asyncDispose]: () => db.$disconnect(),
  }
}

export type Ledger = ReturnType<typeof openLedger>

/** Looks again and again, in tests and before them; throws with what it saw last. */
const until = async <Result>(
  what: string,
  timeoutMs: number,
  look: () => Promise<Result | { not: unknown }>,
): Promise<Exclude<Result, { not: unknown }>> => {
  for (const limit = Date.now() + timeoutMs; ; await sleep(50)) {
    const seen = await look()
    const isSeen = !(typeof seen === 'object' && seen !== null && 'not' in seen)
    // What has no `not` is a result.
    if (isSeen) return seen as Exclude<Result, { not: unknown }>
    if (Date.now() > limit) throw new Error(`no ${what} in ${timeoutMs} ms: ${JSON.stringify(seen, bigints)}`)
  }
}

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
