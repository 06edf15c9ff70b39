import { expect, test } from 'vitest'
import { type CanaryFacts, canaryFate } from './canary-fate.ts'
import { splitOf } from './canary-split.ts'

const alias = { revisionId: 'new', wantedRevisionId: 'new', failure: null, removedAt: null }
const live = (revisionId: string | null, wantedRevisionId: string | null, failure: string | null = null) => ({
  revisionId,
  wantedRevisionId,
  failure,
})
const facts = (over: Partial<CanaryFacts> = {}): CanaryFacts => ({
  state: 'running',
  baselineId: 'old',
  revisionId: 'new',
  isFunctionGone: false,
  live: live('old', 'old'),
  alias,
  ...over,
})

test.each<[string, Partial<CanaryFacts>, string | undefined]>([
  ['nothing has happened', {}, undefined],
  ['it does not answer yet', { alias: { ...alias, revisionId: null } }, undefined],
  [
    'it did not get ready',
    { alias: { ...alias, revisionId: null, wantedRevisionId: null, failure: 'died' } },
    'returned',
  ],
  ['a push wants another one live', { live: live('old', 'newer') }, 'ended'],
  ['another one is live', { live: live('newer', 'newer') }, 'ended'],
  ['it is going live', { state: 'promoting', live: live('old', 'new') }, undefined],
  ['somebody moves live to it by another way', { live: live('old', 'new') }, undefined],
  ['it is live', { state: 'promoting', live: live('new', 'new') }, 'promoted'],
  ['it could not go live', { state: 'promoting', live: live('old', 'old', 'died') }, 'returned'],
  ['its alias was removed', { alias: null }, 'ended'],
  ['its function is gone', { isFunctionGone: true }, 'ended'],
])('when %s', (_what, over, state) => {
  expect(canaryFate(facts(over))?.state).toBe(state)
})

test('what ends it takes its calls at once, whoever writes the end down', () => {
  const place = {
    id: 'c',
    turn: 2,
    weight: 7,
    baselineId: 'old',
    revisionId: 'new',
    servedId: 'new',
    isRemoved: false,
    isOn: true,
  }
  expect(splitOf(live('old', 'old'), place)).toEqual({ id: 'c.2', weight: 7, baselineId: 'old' })
  expect(splitOf(live('old', 'new'), place)).toBeDefined()
  expect(splitOf(live('old', 'newer'), place)).toBeUndefined()
  expect(splitOf(live('new', 'new'), place)).toBeUndefined()
  expect(splitOf(live('old', 'old'), { ...place, servedId: null })).toBeUndefined()
  expect(splitOf(live('old', 'old'), { ...place, isOn: false })).toBeUndefined()
  expect(splitOf(live('old', 'old'), { ...place, isRemoved: true })).toBeUndefined()
})
