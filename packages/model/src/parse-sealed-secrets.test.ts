import { expect, test } from 'vitest'
import { parseSealedSecrets } from './parse-sealed-secrets.ts'

const faultsOf = (text: string) => {
  const parsed = parseSealedSecrets(text, 'secrets.yml')
  return 'faults' in parsed ? parsed.faults.map(({ message, place }) => `${place?.line}: ${message}`) : []
}

test('each box has its function, its name and its place', () => {
  const parsed = parseSealedSecrets(
    'secrets:\n  orders:\n    a: AAAA\n    b.c: QUE=\n  other:\n    a: BBBB\n',
    'secrets.yml',
  )
  expect(parsed).toMatchObject({
    entries: [
      { function: 'orders', name: 'a', box: 'AAAA', place: { file: 'secrets.yml', line: 3, key: 'secrets.orders.a' } },
      { function: 'orders', name: 'b.c', box: 'QUE=', place: { line: 4 } },
      { function: 'other', name: 'a', box: 'BBBB', place: { line: 6 } },
    ],
  })
})

test('what is none is told with its line', () => {
  expect(faultsOf('secrets:\n  orders:\n    a: a value!\n')).toEqual([
    '3: secrets.orders.a must be a sealed box in base64, of a value of 12 KiB at most',
  ])
  expect(faultsOf('secrets:\n  orders:\n    a/b: AAAA\n')[0]).toMatch(
    /^3: secrets\.orders\.a\/b is no name of a secret/,
  )
  expect(faultsOf('secrets:\n  Orders:\n    a: AAAA\n')[0]).toMatch(/^2: secrets\.Orders is none: the function name/)
  expect(faultsOf('secrets: none\n')).toEqual(['1: secrets must be a map: a function on each line'])
  for (const text of ['kind: SealedSecret\n', `secrets:\n  a:\n    b: ${'A'.repeat(30_000)}\n`, 'secrets: [\n', '']) {
    expect(faultsOf(text).length).toBeGreaterThan(0)
  }
})
