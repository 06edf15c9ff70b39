import { describe, expect, test } from 'vitest'
import { fingerprintTree } from './fingerprint-tree.ts'
import { TreeReader } from './tree-reader.ts'

const IGNORE = ['docs', '**/*.md', '!hello/README.md']
const FILES = { 'hello/handler.js': 'a', 'hello/README.md': 'b', 'README.md': 'c', 'docs/api/x.txt': 'd' }

const fingerprintOf = (files: Record<string, string>, { mode = '100644', ignore = IGNORE, settings = {} } = {}) => {
  const fingerprint = fingerprintTree(ignore, settings)
  const reader = new TreeReader({ bytes: 1_000, files: 100 }, fingerprint)
  for (const [path, object] of Object.entries(files)) {
    reader.read(Buffer.from(`${mode} blob ${object.repeat(40)}       1\t${path}\0`))
  }
  reader.end()
  return fingerprint.end()
}

describe('two commits have one fingerprint', () => {
  test.each<[string, Record<string, string>]>([
    ['an ignored file changed', { 'README.md': 'e' }],
    ['an ignored file came', { 'src/notes.md': 'e' }],
    ['a file in an ignored folder changed', { 'docs/api/x.txt': 'e' }],
  ])('when %s', (_what, change) => {
    expect(fingerprintOf({ ...FILES, ...change })).toBe(fingerprintOf(FILES))
  })
})

describe('two commits have two', () => {
  test.each([
    ['a file changed', { ...FILES, 'hello/handler.js': 'e' }],
    ['a file came', { ...FILES, 'hello/more.js': 'e' }],
    ['an exception changed', { ...FILES, 'hello/README.md': 'e' }],
    ['a file was renamed', { 'hello/index.js': 'a', 'hello/README.md': 'b', 'README.md': 'c', 'docs/api/x.txt': 'd' }],
  ])('when %s', (_what, files) => {
    expect(fingerprintOf(files)).not.toBe(fingerprintOf(FILES))
  })

  test('when a mode changed, and when the tenant settled something else meanwhile', () => {
    expect(fingerprintOf(FILES, { mode: '100755' })).not.toBe(fingerprintOf(FILES))
    expect(fingerprintOf(FILES, { settings: { roots: ['a'] } })).not.toBe(fingerprintOf(FILES))
  })
})
