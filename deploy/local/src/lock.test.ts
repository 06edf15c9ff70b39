import { expect, test } from 'vitest'
import { tryLock, withLock } from '../lock.mjs'

test('one works, the others wait their turn, and are told so', async () => {
  const events: string[] = []
  const work = (name: string) =>
    withLock(
      'lock.test.ts',
      async () => {
        events.push(`${name} in`)
        await new Promise((resolve) => setTimeout(resolve, 50))
        events.push(`${name} out`)
      },
      () => events.push('waiting'),
    )
  await Promise.all([work('one'), work('two')])
  const turns = events.filter((event) => event !== 'waiting').map((event) => event.split(' ')[1])
  expect(turns).toEqual(['in', 'out', 'in', 'out'])
  expect(events.filter((event) => event === 'waiting')).toHaveLength(1)
})

test('a failure frees the lock', async () => {
  await expect(
    withLock('lock.test.ts', () => {
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  const free = await tryLock('lock.test.ts')
  expect(free).toBeDefined()
  expect(await tryLock('lock.test.ts')).toBeUndefined()
  free?.()
})
