import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { functionTarget, hostLabel, hostName, originForm } from './target.ts'

describe('the host', () => {
  test.each([
    ['a.fn.example', 'a.fn.example'],
    ['A.Fn.Example:8080', 'a.fn.example'],
    ['a.fn.example.', 'a.fn.example'],
    ['', undefined],
    [':80', undefined],
    ['.', undefined],
  ])('%s is %s', (header, name) => expect(hostName(header)).toBe(name))

  test.each([
    ['ada.fn.example', 'ada'],
    ['1a2b3c4d--ada.fn.example', '1a2b3c4d--ada'],
    ['fn.example', undefined],
    ['.fn.example', undefined],
    ['b.ada.fn.example', undefined],
    ['adafn.example', undefined],
    ['ada.fn.example.evil', undefined],
    ['a/b.fn.example', undefined],
  ])('%s has the label %s', (host, label) => expect(hostLabel(host, '.fn.example')).toBe(label))
})

describe('the target', () => {
  test.each([
    ['/a/b?c', 'h', '/a/b?c'],
    ['http://h/a', 'h', '/a'],
    ['HTTP://H/a', 'h', '/a'],
    ['http://h', 'h', '/'],
    ['http://h?q', 'h', '/?q'],
    ['http://evil/a', 'h', undefined],
    ['http://h@evil/a', 'h', undefined],
    ['*', 'h', undefined],
    ['h:80', 'h', undefined],
  ])('%s is the path %s', (target, host, path) => expect(originForm(target, host)).toBe(path))

  test.each([
    ['/f', 'ada/f', '/'],
    ['/f/', 'ada/f', '/'],
    ['/f?q', 'ada/f', '/?q'],
    ['/f/x/y?q=/z', 'ada/f', '/x/y?q=/z'],
    ['/function/f', 'ada/f', '/'],
    ['/function/f/x?q', 'ada/f', '/x?q'],
    ['/function', 'ada/function', '/'],
    ['/', 'ada/', '/'],
    ['/?q', 'ada/', '/?q'],
    ['//f', 'ada/', '/f'],
  ])('%s is %s with the path %s', (url, key, path) => {
    expect(functionTarget('ada', url)).toMatchObject({ key, path })
  })

  test('whatever follows the function’s name goes on byte for byte and never changes whose it is', () => {
    const rest = fc.string({ unit: fc.constantFrom('/', '.', '%2f', '%2e', '?', '#', ';', '\\', 'a', '@', ':') })
    fc.assert(
      fc.property(rest, (tail) => {
        const { key, path } = functionTarget('ada', `/f/${tail}`)
        expect([key, path]).toEqual(['ada/f', `/${tail}`])
      }),
      { verbose: true },
    )
  })
})
