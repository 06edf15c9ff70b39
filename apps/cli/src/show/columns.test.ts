import { expect, test } from 'vitest'
import { columns } from './columns.ts'

test('columns are as wide as what stands in them, and lines end with their text', () => {
  expect(
    columns(
      ['NAME', 'STATE', 'URL'],
      [
        ['a-long-name', 'live', 'http://x'],
        ['b', '', ''],
      ],
    ),
  ).toBe(['NAME         STATE  URL', 'a-long-name  live   http://x', 'b'].join('\n'))
})

test('prose ends where the terminal does; what is copied is never cut', () => {
  const rows = [['b', 'x'.repeat(40)]]
  const prose = columns(['ID', 'MESSAGE'], rows, { isCut: true, width: 24 })
  expect(prose.split('\n')[1]).toBe(`b   ${'x'.repeat(19)}…`)
  expect(columns(['ID', 'URL'], rows, { width: 24 })).toContain('x'.repeat(40))
})

test('a cell obeys nobody: escapes, bells and line ends of a tenant are gone', () => {
  expect(columns(['M'], [['\u001b]0;owned\u0007a\u001b[31mb\rc\nd\u009b2J']])).toBe('M\nabc d')
})
