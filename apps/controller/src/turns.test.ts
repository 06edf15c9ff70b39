import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openTurns } from './turns.ts'

test('work of one key is done one after the other, failed or not, of two keys side by side', async () => {
  const inTurn = openTurns()
  const said: string[] = []
  const work = (key: string, name: string, fails = false) =>
    inTurn(key, async () => {
      said.push(`${name} begins`)
      await sleep(5)
      said.push(`${name} ends`)
      if (fails) throw new Error(name)
    })
  const results = await Promise.allSettled([work('a', 'one', true), work('a', 'two'), work('b', 'three')])
  expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(said.filter((line) => !line.startsWith('three'))).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
  expect(said.indexOf('three begins')).toBeLessThan(said.indexOf('one ends'))
})
