import { describe, expect, it } from 'vitest'
import { cut, cutToEnd, oneLine } from './cut.ts'

describe('cut', () => {
  it('leaves alone what fits, to the last character', () => {
    expect(cut('a'.repeat(140), 140)).toBe('a'.repeat(140))
    expect(cut('🚀'.repeat(140), 140)).toBe('🚀'.repeat(140))
  })

  it('counts code points and never halves one', () => {
    const text = cut('🚀'.repeat(141), 140)
    expect([...text]).toHaveLength(140)
    expect(text.endsWith('🚀…')).toBe(true)
    expect(text.isWellFormed()).toBe(true)
  })

  it('does not spread a huge text to cut it', () => {
    expect(cut('🚀'.repeat(5_000_000), 3)).toBe('🚀🚀…')
  })
})

describe('oneLine', () => {
  it('makes spaces of line ends and control characters', () => {
    expect(oneLine('  built\r\n\u001b[31mhello\u0000 ')).toBe('built [31mhello')
  })
})

describe('cutToEnd', () => {
  it('keeps whole lines of the end', () => {
    expect(cutToEnd('first\nsecond\nthird', 9)).toBe('third')
  })

  it('keeps the end of one long line, at a character’s border', () => {
    expect(cutToEnd('ä'.repeat(10), 5)).toBe('ää')
  })
})
