import { AppError } from '@pushfn/model/errors'
import { expect, test } from 'vitest'
import { placedUnder } from './placed-under.ts'

const fault = { message: 'does not compile', place: { file: 'hello/handler.js', line: 3 } }
const fails = (error: Error) => async () => {
  throw error
}

test('what is wrong below a root is told by its path in the repository, in the hint as well', async () => {
  const error = new AppError('HANDLER_INVALID', 'x', { hint: 'hello/handler.js:3: does not compile', faults: [fault] })
  await expect(placedUnder('apps/a', fails(error))).rejects.toMatchObject({
    code: 'HANDLER_INVALID',
    hint: 'apps/a/hello/handler.js:3: does not compile',
    faults: [{ place: { file: 'apps/a/hello/handler.js', line: 3 } }],
  })
})

test('a path that is the repository’s already stays, and so does a hint of its own', async () => {
  const place = { file: 'apps/a/stack.yml', line: 2 }
  const error = new AppError('STACK_INVALID', 'x', { hint: 'no', faults: [{ message: 'wrong', place }] })
  await expect(placedUnder('apps/a', fails(error))).rejects.toMatchObject({ hint: 'no', faults: [{ place }] })
})

test('at the repository’s own root, and of no AppError, all is as it was', async () => {
  const error = new AppError('HANDLER_INVALID', 'x', { faults: [fault] })
  await expect(placedUnder('', fails(error))).rejects.toBe(error)
  const other = new Error('x')
  await expect(placedUnder('apps/a', fails(other))).rejects.toBe(other)
})
