import { describe, expect, it } from 'vitest'
import { type HandlerFile, placesIn } from './log-places.ts'

const aFile = (path: string, lines = 20): HandlerFile => ({
  path,
  file: `hello/${path}`,
  bytes: Buffer.from('x\n'.repeat(lines - 1)),
})
const files = ['handler.js', 'handler.py', 'main.go', 'src/x.ts', 'lib/handler.py', 'src/main.rs'].map((path) =>
  aFile(path),
)
const placesOf = (text: string) => placesIn(text.split('\n'), files)
const at = (file: string, line: number, column?: number) => ({ file, line, ...(column && { column }) })

describe('the places of a log’s errors', () => {
  it.each([
    ['Go', '# handler\n./main.go:5:2: undefined: x', [{ message: 'undefined: x', place: at('hello/main.go', 5, 2) }]],
    [
      'tsc',
      "src/x.ts(3,5): error TS2322: Type 'a' is wrong.\nsrc/x.ts:4:1 - error TS1: two",
      [
        { message: "error TS2322: Type 'a' is wrong.", place: at('hello/src/x.ts', 3, 5) },
        { message: 'error TS1: two', place: at('hello/src/x.ts', 4, 1) },
      ],
    ],
    [
      'Node, that cannot parse',
      "file:///home/app/function/handler.js:3\n}\n^\n\nSyntaxError: Unexpected token '}'\n    at compile (node:vm:1:2)",
      [{ message: "SyntaxError: Unexpected token '}'", place: at('hello/handler.js', 3) }],
    ],
    [
      'Node, that throws',
      'Error: no database\n    at open (/home/app/function/handler.js:7:9)\n    at Object.<anonymous> (/home/app/function/handler.js:1:7)',
      [{ message: 'Error: no database', place: at('hello/handler.js', 7, 9) }],
    ],
    [
      'Python, the innermost call',
      'Traceback (most recent call last):\n  File "/home/app/index.py", line 1, in <module>\n  File "/home/app/function/handler.py", line 2, in <module>\n    boom()\n  File "/home/app/function/lib/handler.py", line 4, in boom\nNameError: name \'x\' is not defined',
      [{ message: "NameError: name 'x' is not defined", place: at('hello/lib/handler.py', 4) }],
    ],
    [
      'Rust',
      'error[E0425]: cannot find value\n --> src/main.rs:2:5\n',
      [{ message: 'error[E0425]: cannot find value', place: at('hello/src/main.rs', 2, 5) }],
    ],
  ])('of %s', (_what, log, places) => {
    expect(placesOf(log)).toEqual(places)
  })

  it.each([
    ['a file that is not the handler’s', '/usr/lib/python3/os.py:5: error: x'],
    ['a line that the file has not', './main.go:500:2: undefined: x'],
    ['a warning', 'src/x.ts:3:5: warning: unused'],
    ['a name that two files end with', 'no such: ../x/y.py:3: error'],
    ['line 0', './main.go:0:2: undefined: x'],
  ])('are not made of %s', (_what, log) => {
    expect(placesOf(log)).toEqual([])
  })

  it('are no more than a forge annotates at once', () => {
    expect(
      placesOf(Array.from({ length: 200 }, (_, n) => `main.go:${1 + (n % 19)}:${n}: x${n}`).join('\n')),
    ).toHaveLength(50)
  })

  it('are not looked for in lines that only a program could have written', () => {
    expect(placesOf(`${'a.b:1'.repeat(1_000)} main.go:3: x`)).toEqual([])
  })
})
