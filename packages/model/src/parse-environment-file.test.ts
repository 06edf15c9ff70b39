import { expect, it } from 'vitest'
import { parseEnvironmentFile } from './parse-environment-file.ts'

it('parseEnvironmentFile reads names and values as text, and substitutes nothing', () => {
  expect(parseEnvironmentFile(`environment:\n  A: 1.10\n  B: true\n  C: "\${D}"\n  E:\n`, 'env.yml')).toEqual({
    environment: { A: '1.10', B: 'true', C: `\${D}`, E: '' },
    warnings: [],
  })
})

it('parseEnvironmentFile warns of what stands beside the variables', () => {
  expect(parseEnvironmentFile('A: b\n', 'env.yml')).toEqual({
    environment: {},
    warnings: [
      {
        message: 'A is passed over: variables stand under “environment:”',
        place: { file: 'env.yml', line: 1, column: 1, key: 'A' },
      },
    ],
  })
})

it.each([
  ['', 'the file must be a map of keys, but is empty', 1],
  ['A=b\n', 'the file must be a map of keys, but is the text "A=b"', 1],
  ['environment: [A]\n', 'environment must be a map of names and values, but is a list', 1],
  ['environment:\n  1A: b\n', 'environment.1A is no name of a variable: letters, digits and “_”, no digit first', 2],
  ['environment:\n  A: {b: c}\n', 'environment.A must be text, but is a map of keys', 2],
  [
    'environment:\n  A: b\n  A: c\n',
    'environment.A stands twice, on line 2 and on line 3: keep one of them, or give one another name',
    3,
  ],
])('parseEnvironmentFile refuses %j', (text, message, line) => {
  expect(parseEnvironmentFile(text, 'env.yml')).toMatchObject({
    faults: [{ message, place: { file: 'env.yml', line } }],
  })
})
