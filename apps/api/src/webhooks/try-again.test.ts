import { expect, test } from 'vitest'
import { tryAgain } from './try-again.ts'

const failing = (times: number) => {
  let calls = 0
  return async () => {
    if (++calls <= times) throw new Error(`failure ${calls}`)
    return calls
  }
}

test('what works at a later try is no failure', async () => {
  expect(await tryAgain(failing(3))).toBe(4)
})

test('what goes on failing is thrown as it failed last', async () => {
  await expect(tryAgain(failing(4))).rejects.toThrow('failure 4')
})
