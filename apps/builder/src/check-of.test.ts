import type { BuildEvent } from '@pushfn/model/build-event'
import { describe, expect, it } from 'vitest'
import { type CheckFacts, checkOf } from './check-of.ts'

const PAGE = 'http://console.test/builds/1'
const fault = { message: 'undefined: x', place: { file: 'hello/main.go', line: 5 } }

const events: BuildEvent[] = [
  { id: '1-1', at: 1, kind: 'step', step: 'checkout', status: 'finished', ms: 120 },
  { id: '1-2', at: 2, kind: 'log', level: 'info', text: 'of the stack' },
  { id: '1-3', at: 3, kind: 'log', level: 'info', function: 'hello', text: 'of hello' },
  { id: '1-4', at: 4, kind: 'log', level: 'info', function: 'other', text: 'of other' },
  { id: '1-5', at: 5, kind: 'function', function: 'hello', status: 'built', ms: 80 },
  { id: '1-6', at: 6, kind: 'function', function: 'hello', status: 'live', url: 'http://ada.fn.test/hello', ms: 200 },
]

type Over = Partial<Omit<CheckFacts, 'report'>> & {
  report?: Partial<Omit<CheckFacts['report'], 'build'>>
  build?: Partial<CheckFacts['report']['build']>
}
const facts = ({ report, build, ...over }: Over = {}): CheckFacts => ({
  function: undefined,
  prefix: '',
  events,
  failure: null,
  pageUrl: PAGE,
  ...over,
  report: {
    context: over.function ?? 'stack-deploy',
    state: 'success',
    description: 'deployed hello',
    targetUrl: null,
    forgeId: null,
    takes: 1,
    toldTake: 0,
    ...report,
    build: {
      id: 'build-1',
      state: 'live',
      startedAt: new Date(0),
      finishedAt: null,
      isStaged: false,
      target: null,
      reports: [{ context: 'stack-deploy' }, { context: 'hello' }],
      ...build,
    },
  },
})

describe('a report as a check run', () => {
  it('has a button to roll back what its build brought live, and nothing else', () => {
    const actionsOf = (over: Over) => checkOf(facts(over)).actions
    expect(actionsOf({})).toEqual(['roll-back'])
    expect(actionsOf({ function: 'hello' })).toEqual(['roll-back'])
    for (const over of [
      { function: 'other' },
      { report: { state: 'failure' } },
      { report: { description: 'rolled back by ada to 1a2b3c4d' } },
      { build: { state: 'failed' } },
      { build: { isStaged: true } },
      { build: { target: { alias: 'pr-1-shop' } } },
    ] satisfies Over[]) {
      expect(actionsOf(over), JSON.stringify(over)).toEqual([])
    }
  })

  it.each([
    ['pending', 'queued', 'queued'],
    ['pending', 'building', 'in_progress'],
    ['success', 'live', 'success'],
    ['success', 'skipped', 'neutral'],
    ['failure', 'failed', 'failure'],
    ['error', 'failed', 'failure'],
    ['error', 'superseded', 'cancelled'],
    ['error', 'cancelled', 'cancelled'],
  ] as const)('that is %s, of a build that is %s, is %s', (report, build, state) => {
    expect(checkOf(facts({ report: { state: report }, build: { state: build } })).state).toBe(state)
  })

  it('of the stack tells of every step, function and line of log', () => {
    const { summary, log, detailsUrl } = checkOf(facts())
    expect(summary).toContain('| checkout | finished | 0.12 s |')
    expect(summary).toContain('| hello | live | http://ada.fn.test/hello |')
    expect(log).toBe('of the stack\nhello | of hello\nother | of other')
    expect(detailsUrl).toBe(PAGE)
  })

  it('of a function tells of its own stages and lines, and leads to the whole build', () => {
    const { summary, log } = checkOf(facts({ function: 'hello' }))
    expect(summary).toContain('| built | 0.08 s |\n| live | 0.20 s |')
    expect(summary).toContain(`(${PAGE})`)
    expect(log).toBe('of hello')
  })

  it('annotates a line once: at its function, or at the stack when that has no check run of its own', () => {
    const failure = { code: 'BUILD_FAILED', hint: 'it failed', function: 'hello', faults: [fault] }
    const faultsOf = (over: Over) => checkOf(facts({ failure, ...over })).faults.length
    expect([faultsOf({}), faultsOf({ function: 'hello' }), faultsOf({ function: 'other' })]).toEqual([0, 1, 0])
    expect(faultsOf({ build: { reports: [{ context: 'stack-deploy' }] } })).toBe(1)
    expect(faultsOf({ failure: { ...failure, function: undefined } })).toBe(1)
  })

  it('shows words of a tenant’s program as code, whatever they are', () => {
    const failure = { code: 'NOT_READY', hint: 'it said:\n![x](http://evil.test)', faults: [] }
    expect(checkOf(facts({ failure })).summary).toContain('    it said:\n    ![x](http://evil.test)')
  })

  it('is looked for first when an earlier try of it may have made it', () => {
    const mayExist = (takes: number, toldTake: number) => checkOf(facts({ report: { takes, toldTake } })).mayExist
    expect([mayExist(1, 0), mayExist(2, 0), mayExist(3, 2)]).toEqual([false, true, false])
  })
})
