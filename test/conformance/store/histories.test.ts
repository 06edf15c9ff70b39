import { NO_COMMIT } from '@pushfn/model/ids'
import type { Database } from '@pushfn/store/database'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { type Deed, whereLiveEnds } from '../../support/where-live-ends.ts'
import { aMove, type Move, type PlayedCloud, playCloud } from './support/played-cloud.ts'

/**
 * Random histories of one function on the real store: pushes, force-pushes, webhooks twice and in the wrong order, builders
 * that die or fail, rollbacks, promotions, unpins, at any moment of a build or a deploy. However they run, `live` ends
 * where the specification says.
 */
let database: TestDatabase & { readonly db: Database }
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const which = fc.nat(1_000)
const Step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('force' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('swap' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('redeliver' as const), which }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('build' as const),
      which,
      how: fc.constantFrom('well' as const, 'well' as const, 'well' as const, 'dies' as const, 'fails' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('control' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rollback' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('promote' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unpin' as const) }) },
)
type Step = typeof Step extends fc.Arbitrary<infer Of> ? Of : never

interface History {
  cloud: PlayedCloud
  deeds: Deed[]
  /** Every move of the branch so far, in the order in which it moved. */
  moves: Move[]
}

const head = ({ moves }: History): string => moves.at(-1)?.sha ?? NO_COMMIT

const take = async (history: History, step: Step): Promise<void> => {
  const { cloud, deeds, moves } = history
  switch (step.do) {
    case 'push':
      return move(history, aMove(head(history)))
    case 'force': {
      const to = moves[step.which % Math.max(moves.length, 1)]
      return to && to.sha !== head(history) ? move(history, aMove(head(history), to.sha)) : undefined
    }
    case 'swap': {
      const first = aMove(head(history))
      const second = aMove(first.sha)
      moves.push(first, second)
      deeds.push({ kind: 'push', sha: second.sha })
      await cloud.tell(second)
      return void (await cloud.tell(first))
    }
    case 'redeliver': {
      const again = moves[step.which % Math.max(moves.length, 1)]
      return again && expect(await cloud.tell(again)).toBeUndefined()
    }
    case 'build': {
      const waiting = await cloud.waiting()
      const id = waiting[step.which % Math.max(waiting.length, 1)]
      return id === undefined ? undefined : cloud.build(id, step.how)
    }
    case 'control':
      return cloud.control()
    case 'rollback':
      return chosen(history, await cloud.roll('before'))
    case 'promote': {
      const revisions = await cloud.revisions()
      const revision = revisions[step.which % Math.max(revisions.length, 1)]
      return revision && chosen(history, await cloud.roll({ revision: revision.id }))
    }
    case 'unpin':
      deeds.push({ kind: 'unpin' })
      return cloud.unpin()
  }
}

const move = async ({ cloud, deeds, moves }: History, next: Move): Promise<void> => {
  moves.push(next)
  deeds.push({ kind: 'push', sha: next.sha })
  await cloud.tell(next)
}

const chosen = ({ deeds }: History, choice: { revisionId: string } | undefined): void => {
  if (choice) deeds.push({ kind: 'choice', revisionId: choice.revisionId })
}

/** Everything that waits is built, a failed newest one told of once more, and brought live. */
const comeToRest = async (history: History): Promise<void> => {
  const { cloud, moves } = history
  const newest = moves.at(-1)
  if (newest && (await cloud.newestBuild()) === 'failed') await cloud.tell({ ...newest, delivery: aMove('').delivery })
  for (const id of await cloud.waiting()) await cloud.build(id, 'well')
  await cloud.control()
}

const HISTORIES = Number(process.env.HISTORIES ?? 60)

test(`live ends where the specification says, in ${HISTORIES} histories`, { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { minLength: 4, maxLength: 30 }), async (steps) => {
      const history: History = { cloud: await playCloud(database.db), deeds: [], moves: [] }
      for (const step of steps) await take(history, step)
      await comeToRest(history)
      const expected = whereLiveEnds(history.deeds)
      const live = await history.cloud.live()
      if (expected) expect(live).toMatchObject(expected)
      else expect(live).toBeUndefined()
    }),
    { numRuns: HISTORIES, interruptAfterTimeLimit: 540_000 },
  )
})
