import { describe, expect, it } from 'vitest'
import type { Check } from '../forge.ts'
import { checkBody } from './check-body.ts'

const aCheck = (over: Partial<Check> = {}): Check => ({
  name: 'stack-deploy',
  mayExist: false,
  externalId: 'build-1',
  title: 'building',
  summary: 'two functions',
  log: 'line 1\nline 2',
  state: 'in_progress',
  detailsUrl: 'http://console.test/builds/1',
  faults: [],
  ...over,
})
const textOf = (over: Partial<Check>): string => checkBody(aCheck(over)).output.text ?? ''

describe('a check run’s body', () => {
  it('has the buttons that it is given, none without, and GitHub takes their words', () => {
    expect(checkBody(aCheck()).actions).toEqual([])
    const { actions } = checkBody(aCheck({ state: 'success', actions: ['roll-back', 'approve'] }))
    expect(actions.map(({ label }) => label)).toEqual(['Roll back', 'Approve'])
    for (const { identifier, label, description } of actions) {
      expect([identifier.length <= 20, label.length <= 20, description.length <= 40]).toEqual([true, true, true])
    }
  })

  it('is no longer than GitHub takes, and keeps the end of the log', () => {
    const text = textOf({ log: `${'ä line of the log\n'.repeat(20_000)}the last line` })
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_535)
    expect(text.endsWith('the last line\n```')).toBe(true)
    expect(text.startsWith('```text\nä line of the log\n')).toBe(true)
  })

  it('shuts the log in, whatever backticks it has', () => {
    const lines = textOf({ log: 'a\n`````\n@everyone [click](http://evil.test)' }).split('\n')
    expect(lines[0]).toBe('``````text')
    expect(lines.at(-1)).toBe('``````')
    expect(textOf({ log: '`'.repeat(100_000) })).not.toContain('````')
  })

  it('strips colours and control characters from the log', () => {
    expect(textOf({ log: '\u001b[31mred\u001b[0m\u0000\u0007 done' })).toBe('```text\nred done\n```')
  })

  it('brings at most 50 annotations, and only when the check ends', () => {
    const faults = Array.from({ length: 60 }, (_, index) => ({
      message: `fault ${index}`,
      place: { file: 'stack.yml', line: index + 1, column: 3, key: 'functions.hello' },
    }))
    expect(checkBody(aCheck({ faults })).output).not.toHaveProperty('annotations')
    const { annotations, summary } = checkBody(aCheck({ faults, state: 'failure' })).output
    expect(summary).toContain('10 more faults are not annotated')
    expect(annotations).toHaveLength(50)
    expect(annotations?.[0]).toEqual({
      path: 'stack.yml',
      start_line: 1,
      end_line: 1,
      start_column: 3,
      end_column: 3,
      annotation_level: 'failure',
      message: 'fault 0',
      title: 'functions.hello',
    })
  })

  it('leaves out faults that have no place', () => {
    expect(checkBody(aCheck({ faults: [{ message: 'nowhere' }], state: 'failure' })).output.annotations).toEqual([])
  })
})
