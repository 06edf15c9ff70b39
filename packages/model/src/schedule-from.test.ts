import { describe, expect, it } from 'vitest'
import { parseStack } from './parse-stack.ts'
import { comesRound, scheduleFrom } from './schedule-from.ts'

const cron = (schedule: string, more: Record<string, string> = {}) =>
  scheduleFrom({ topic: 'cron-function', schedule, ...more })

describe('scheduleFrom', () => {
  it.each([
    ['*/5 * * * *', '*/5 * * * *'],
    ['  0   12 * * MON-FRI ', '0 12 * * MON-FRI'],
    ['30 */5 * * * *', '30 */5 * * * *'],
    ['0 0 L * *', '0 0 L * *'],
    ['0 0 * * 1#5', '0 0 * * 1#5'],
    ['@hourly', '@hourly'],
  ])('reads %s', (written, expected) => {
    expect(cron(written)).toEqual({ schedule: { cron: expected, timeZone: 'UTC' } })
  })

  it('takes the time zone that is named', () => {
    const found = cron('0 3 * * *', { 'pushfn.cloud/timezone': 'Europe/Berlin' })
    expect(found).toEqual({ schedule: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' } })
  })

  it.each([
    ['* * * *', /five fields, or six/],
    ['* * * * * * *', /five fields, or six/],
    ['60 * * * *', /expected range 0-59/],
    ['*/0 * * * *', /cannot repeat/],
    ['H * * * *', /“H” is not known/],
    ['0 H(1-5) * * *', /“H” is not known/],
    ['@every 5m', /one of @yearly/],
    ['@reboot', /one of @yearly/],
    ['0 0 30 2 *', /Invalid explicit day/],
    [`0 0 ${'1,'.repeat(200)}1 * *`, /five fields, or six/],
    ['* * * * nonsense', /cannot resolve/],
  ])('refuses %s', (written, problem) => {
    expect(cron(written)).toMatchObject({ key: 'schedule', problem: expect.stringMatching(problem) })
  })

  it.each(['Mars/Base', '+02:00', '', '../../etc'])('refuses the time zone %j', (zone) => {
    const found = cron('@daily', { 'pushfn.cloud/timezone': zone })
    expect(found).toMatchObject({ key: 'pushfn.cloud/timezone' })
  })

  it('is none without the topic, and wants a schedule with it', () => {
    expect(scheduleFrom({ schedule: '*/5 * * * *' })).toEqual({ schedule: null })
    expect(scheduleFrom({ topic: 'payments', schedule: 'nonsense' })).toEqual({ schedule: null })
    expect(scheduleFrom({ topic: 'cron-function' })).toMatchObject({ key: 'topic' })
    expect(scheduleFrom({ topic: 'payments, cron-function', schedule: '@daily' })).toMatchObject({ schedule: {} })
  })

  it('knows what never comes round', () => {
    expect(comesRound({ cron: '0 0 31 4,6 *', timeZone: 'UTC' })).toBe(false)
    expect(comesRound({ cron: '0 0 29 2 *', timeZone: 'UTC' })).toBe(true)
  })
})

describe('a stack with a wrong schedule', () => {
  const faultsOf = (annotations: string) => {
    const text = `functions:\n  tick:\n    lang: node24\n    handler: ./tick\n    annotations:\n${annotations}`
    const parsed = parseStack(text, { file: 'stack.yml' })
    return 'faults' in parsed ? parsed.faults : []
  }

  it('is told with line and column', () => {
    expect(faultsOf('      topic: cron-function\n      schedule: "61 * * * *"\n')).toEqual([
      {
        message: expect.stringMatching(/^functions\.tick\.annotations\.schedule must be a cron expression/),
        place: { file: 'stack.yml', line: 7, column: 7, key: 'functions.tick.annotations.schedule' },
      },
    ])
    expect(faultsOf('      topic: cron-function\n      schedule: "0 0 31 6,9 *"\n')).toMatchObject([
      { message: expect.stringContaining('never comes round'), place: { line: 7 } },
    ])
  })
})
