import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createInOrder } from './in-order.ts'

describe('in order', () => {
  it('runs one key’s calls in the order they came, even when an earlier one is slow or fails', async () => {
    const inOrder = createInOrder()
    const done: string[] = []
    const slow = inOrder('a', async () => {
      await delay(20)
      done.push('pending')
      throw new Error('refused')
    })
    const quick = inOrder('a', async () => done.push('success'))
    await expect(slow).rejects.toThrow('refused')
    await quick
    expect(done).toEqual(['pending', 'success'])
  })

  it('lets another key pass', async () => {
    const inOrder = createInOrder()
    const never = Promise.withResolvers<void>()
    void inOrder('a', () => never.promise)
    expect(await inOrder('b', async () => 'done')).toBe('done')
  })
})
