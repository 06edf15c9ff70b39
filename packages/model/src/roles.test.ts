import { expect, test } from 'vitest'
import { isEnough, Role } from './roles.ts'

test('each role may do what the ones before it may, and no more', () => {
  const enough = Role.options.map((has) => Role.options.filter((needed) => isEnough(has, needed)))
  expect(enough).toEqual([['viewer'], ['viewer', 'developer'], ['viewer', 'developer', 'owner']])
})
