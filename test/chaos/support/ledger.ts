import { TERMINAL_STATES } from '@pushfn/model/build-state'
import { openDatabase } from '@pushfn/store/database'
import { expect } from 'vitest'
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
  return {
    db,
    /** The newest build of a commit. */
    buildOf,
    /** Resolves when the commit's build is in the state. */
    untilState: async (sha: string, state: string, timeoutMs = 30_000) => {
      await expect.poll(async () => (await buildOf(sha))?.state, { timeout: timeoutMs, interval: 50 }).toBe(state)
      const build = await buildOf(sha)
      if (!build) throw new Error(`no build of ${sha}`)
      return build
    },
    /** Resolves when no build is open and nothing is left to tell the forges. */
    untilQuiet: async (timeoutMs: number) => {
      await expect
        .poll(() => db.build.findMany({ where: { state: { notIn: [...TERMINAL_STATES] } } }), {
          timeout: timeoutMs,
          interval: 200,
        })
        .toEqual([])
      await expect
        .poll(() => db.$queryRaw`SELECT build_id, context FROM reports WHERE sent < version`, {
          timeout: timeoutMs,
          interval: 200,
        })
        .toEqual([])
    },
    [Symbol.asyncDispose]: () => db.$disconnect(),
  }
}

export type Ledger = ReturnType<typeof openLedger>
