import { expect, test } from 'vitest'
import { defaultBranchOf } from './default-branch.ts'

test.each([
  [['refs/heads/dev', 'refs/heads/main'], 'main'],
  [['refs/heads/master', 'refs/heads/a'], 'master'],
  [['refs/heads/trunk'], 'trunk'],
  [['refs/heads/feature/main', 'refs/heads/dev'], 'dev'],
])('of %j it is %s', (refs, branch) => {
  expect(defaultBranchOf(refs)).toBe(branch)
})
