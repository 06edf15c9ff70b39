import { setTimeout as sleep } from 'node:timers/promises'
import type { BuildEvent } from '@pushfn/model/build-event'
import { expect, test } from 'vitest'
import { progressLines, untilSilent } from './progress.ts'

async function* events(...list: BuildEvent[]): AsyncGenerator<BuildEvent> {
  yield* list
}

const linesOf = async (...list: BuildEvent[]) => {
  const lines: string[] = []
  for await (const line of progressLines(events(...list), 'http://console/builds/1')) lines.push(line)
  return lines
}

test('a pusher’s terminal gets a tenant’s text without anything that it would obey', async () => {
  const text = 'a\u001b[2J\u001b]0;title\u0007b\u0008\u009bc\r\u001b[31mred\u001b[0m'
  const [line] = await linesOf({ id: '1-1', at: 0, kind: 'log', level: 'info', function: 'hello', text })
  expect(line).toMatch(/^hello \| /)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})

test('the end of a build is told with its reason', async () => {
  const lines = await linesOf({ id: '1-1', at: 0, kind: 'state', state: 'failed', reason: 'stack.yml:3:5: no' })
  expect(lines.join('')).toContain('FAILED: stack.yml:3:5: no')
})

test('the reason of a failed function is told once', async () => {
  const reason = 'hello/handler.js:2:1: does not compile'
  const lines = await linesOf(
    { id: '1-1', at: 0, kind: 'function', function: 'hello', status: 'failed', reason },
    { id: '1-2', at: 0, kind: 'state', state: 'failed', reason },
  )
  expect(lines.join('').split(reason)).toHaveLength(2)
  expect(lines[0]).toBe('hello failed\n')
})

test('a build of which nothing is heard for long is not waited for, one that says something now and then is', async () => {
  const said: BuildEvent = { id: '1-1', at: 0, kind: 'log', level: 'info', text: 'still there' }
  async function* quiet(rounds: number, every: number): AsyncGenerator<BuildEvent | undefined> {
    for (let n = 1; n <= rounds; n++) {
      await sleep(10)
      yield n % every === 0 ? said : undefined
    }
  }
  const heard = async (rounds: number, every: number) => {
    const events: BuildEvent[] = []
    for await (const event of untilSilent(quiet(rounds, every), 200)) events.push(event)
    return events.length
  }
  expect(await heard(10_000, 10_000)).toBe(0)
  expect(await heard(60, 2)).toBe(30)
})
