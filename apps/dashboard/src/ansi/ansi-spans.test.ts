import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ansiSpans } from './ansi-spans.ts'

const textOf = (line: string): string =>
  ansiSpans(line)
    .map((span) => span.text)
    .join('')

describe('a line of a log', () => {
  test('keeps the colours and weights of a terminal', () => {
    expect(ansiSpans('\u001b[1;32mok\u001b[0m and \u001b[91;4mnot\u001b[24m so\u001b[39m.')).toEqual([
      { text: 'ok', isBold: true, colour: 2 },
      { text: ' and ' },
      { text: 'not', isUnderlined: true, colour: 9 },
      { text: ' so', colour: 9 },
      { text: '.' },
    ])
  })

  test.each([
    ['a free colour', '\u001b[38;2;1;31;4mtext', { text: 'text' }],
    ['a colour of 256', '\u001b[38;5;200mtext', { text: 'text' }],
    ['one of the 16 by its number', '\u001b[38;5;12mtext', { text: 'text', colour: 12 }],
    ['a ground', '\u001b[48;5;1;41mtext', { text: 'text' }],
    ['concealed text', '\u001b[8mtext', { text: 'text' }],
    ['parameters with colons', '\u001b[4:3mtext', { text: 'text' }],
    ['an empty reset', '\u001b[31m\u001b[mtext', { text: 'text' }],
    ['bold taken back', '\u001b[1;2;22mtext', { text: 'text' }],
  ])('reads %s', (_name, line, span) => {
    expect(ansiSpans(line)).toEqual([span])
  })

  test.each([
    ['a title', '\u001b]0;title\u0007text'],
    ['a link', '\u001b]8;;http://evil\u001b\\text\u001b]8;;\u001b\\'],
    ['a clipboard write', '\u001b]52;c;ZXZpbA==\u0007text'],
    ['cursor movements', '\u001b[2J\u001b[1;1H\u001b[?1049htext'],
    ['a device string', '\u001bPq#0;2;0;0;0\u001b\\text'],
    ['eight-bit controls', '\u009b31mtext\u009d0;x\u0007'],
    ['a reset', '\u001bctext'],
    ['bells and backspaces', 'te\u0007xt\u0008'],
    ['carriage returns', 'te\rxt'],
    ['a lonely escape at the end', 'text\u001b'],
    ['a string without an end', 'text\u001b]0;never ends'],
  ])('loses %s', (_name, line) => {
    expect(textOf(line)).toBe('text')
  })

  test('comes out as it is when nothing in it is a control', () => {
    const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}]/u.test(text))
    fc.assert(fc.property(plain, (text) => textOf(text) === text))
  })

  test('never lets a control character through but the tab, and never takes long', () => {
    const piece = fc.constantFrom(
      '\u001b',
      '[',
      ']',
      ';',
      '31',
      'm',
      '\u009b',
      '\u0007',
      '\\',
      '<b>',
      ':',
      '?',
      '\t',
      'x',
    )
    const line = fc.array(piece, { maxLength: 400 }).map((pieces) => pieces.join(''))
    fc.assert(fc.property(line, (text) => !/[^\P{Cc}\t]/u.test(textOf(text))))
  })

  test('of a megabyte of escapes is read in one go', () => {
    expect(textOf('\u001b]'.repeat(250_000))).toBe('')
    expect(textOf('\u001b['.repeat(250_000)).length).toBeLessThan(500_000)
  })
})
