import { parseStack } from '@pushfn/model/parse-stack'
import { expect, test } from 'vitest'
import { namesThatStandTwice } from './names-that-stand-twice.ts'

const aStack = (file: string, ...names: string[]) => {
  const functions = names.map((name) => `  ${name}: {lang: node24, handler: ./${name}}\n`).join('')
  const parsed = parseStack(`functions:\n${functions}`, { file })
  if ('faults' in parsed) throw new Error(parsed.faults[0]?.message)
  return parsed.stack
}

test('a name in two stacks is told with both places', () => {
  const faults = namesThatStandTwice([
    aStack('a/stack.yml', 'one', 'two'),
    aStack('b/stack.yml', 'three', 'two'),
    aStack('c/stack.yml', 'four'),
  ])
  expect(faults).toEqual([
    {
      message: 'functions.two stands in a/stack.yml on line 3 as well: give one of them another name',
      place: { file: 'b/stack.yml', line: 3, column: 3, key: 'functions.two' },
    },
  ])
})

test('names that stand once are no fault', () => {
  expect(namesThatStandTwice([aStack('a/stack.yml', 'one'), aStack('b/stack.yml', 'two')])).toEqual([])
})
