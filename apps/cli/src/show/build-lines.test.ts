import type { BuildEvent, BuildEventInput } from '@pushfn/model/build-event'
import { expect, test } from 'vitest'
import { BuildLines } from './build-lines.ts'

/** What the lines of these events are, a quarter of a second apart. */
const told = (...events: BuildEventInput[]): string[] => {
  const lines = new BuildLines()
  return events.flatMap((event, n) => {
    const whole = { ...event, id: `1-${n + 1}`, at: 1_000 + n * 250 } as BuildEvent
    return lines.of(whole) ?? []
  })
}

test('a build is told with the time since it began, and at its end what each step took', () => {
  const lines = told(
    { kind: 'state', state: 'checkout' },
    { kind: 'step', step: 'checkout', status: 'finished', ms: 240 },
    { kind: 'function', function: 'hello', status: 'built', ms: 110 },
    { kind: 'log', function: 'hello', text: 'one\ntwo', level: 'warning' },
    { kind: 'state', state: 'live' },
  )
  expect(lines).toEqual([
    '   0.00 s  checkout',
    '   0.50 s  built hello in 0.11 s',
    '   0.75 s  hello | warning: one\n           two',
    '   1.00 s  live\n           checkout 0.24 s',
  ])
})

test('a failure says why, and a log writes nothing over what stands there', () => {
  const lines = told(
    { kind: 'log', text: 'a\u001b[2Jb\rc', level: 'info' },
    { kind: 'state', state: 'failed', reason: 'stack.yml:3: no such template' },
  )
  expect(lines).toEqual(['   0.00 s  abc', '   0.25 s  failed: stack.yml:3: no such template'])
})
