import { afterAll, expect, test } from 'vitest'
import { openStackParser } from './stack-parser.ts'

const parser = openStackParser()
afterAll(() => parser[Symbol.asyncDispose]())

test('stacks are parsed beside this thread, one answer to each question', async () => {
  const stack = (name: string) => `functions:\n  ${name}:\n    lang: node24\n    handler: ./${name}\n`
  const names = ['a', 'b', 'c', 'd']
  const parsed = await Promise.all(names.map((name) => parser.parse({ file: 'stack.yml', text: stack(name) })))
  const found = parsed.map((answer) => ('stack' in answer ? answer.stack.functions[0]?.name : undefined))
  expect(found).toEqual(names)
})

test('a hostile stack is refused, and the next one is parsed', async () => {
  const bomb = `a: &a [x]\n${Array.from({ length: 500 }, (_, n) => `b${n}: &b${n} [*a, *a]`).join('\n')}`
  expect(await parser.parse({ file: 'stack.yml', text: bomb })).toHaveProperty('faults')
  expect(await parser.parse({ file: 'stack.yml', text: '['.repeat(60_000) })).toHaveProperty('faults')
  const good = { file: 'stack.yml', text: 'functions:\n  a:\n    lang: node24\n    handler: ./a\n' }
  expect(await parser.parse(good)).toHaveProperty('stack')
})
