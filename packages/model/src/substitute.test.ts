import { describe, expect, it } from 'vitest'
import { substitute } from './substitute.ts'

describe('substitute', () => {
  it.each([
    [`\${A}`, 'a'],
    [`x\${A}y\${A}z`, 'xayaz'],
    [`\${EMPTY:-default}`, 'default'],
    [`\${NONE:-}`, ''],
    [`\${NONE:-a:-b c}`, 'a:-b c'],
    [`$\${A}`, `\${A}`],
    ['pa$$word $A $', 'pa$$word $A $'],
    [`\${REFERENCE}`, `\${A}`],
  ])('makes %s into %s', (text, expected) => {
    expect(substitute(text, { A: 'a', EMPTY: '', REFERENCE: `\${A}` })).toEqual({ text: expected, unset: [] })
  })

  it('names what has neither value nor default', () => {
    expect(substitute(`\${A}\${B}\${EMPTY}`, { EMPTY: '' })).toEqual({ text: '', unset: ['A', 'B'] })
  })

  it.each([`\${`, `\${}`, `\${A`, `\${A^^}`, `\${A-b}`, `\${1A}`, `\${A:-\${B}}`, `\${A B}`])(
    'does not understand %s',
    (text) => {
      expect(substitute(text, { A: 'a' })).toMatchObject({
        text,
        problem: expect.stringContaining('is not understood'),
      })
    },
  )
})
