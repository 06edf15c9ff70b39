import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { git } from './git.ts'

test('an abort that comes when git has ended, and nobody was told yet, ends nothing but its run', async () => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('superseded')), 1_000)
  // Git ends at once; what it started holds its output, in a group of its own.
  const running = git(['-c', 'alias.linger=!setsid sleep 3 &', 'linger'], {
    folder: tmpdir(),
    maxFileBytes: 1_048_576,
    signal: stop.signal,
  })
  await expect(running).rejects.toThrow('superseded')
})
