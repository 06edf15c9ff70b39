import { expect, test } from 'vitest'
import { FunctionSpec } from './function-spec.ts'
import { specDifference } from './spec-difference.ts'

const aSpec = (spec: Partial<FunctionSpec> = {}): FunctionSpec =>
  FunctionSpec.parse({
    environment: {},
    secrets: [],
    sealed: {},
    labels: {},
    annotations: {},
    memoryMiB: 128,
    cpuMillis: 1_000,
    processes: 128,
    isRootReadOnly: true,
    scale: { min: 1, max: 4 },
    health: { path: '/_/health', initialDelayMs: 0 },
    timeouts: { responseMs: 10_000, idleMs: 60_000 },
    ...spec,
  })

test('equal settings do not differ', () => {
  expect(specDifference(aSpec(), aSpec())).toEqual([])
})

test('names what was changed, added and taken away, and no value', () => {
  const before = aSpec({ environment: { LEVEL: 'info', OLD: 'secret-1' }, secrets: ['a'] })
  const after = aSpec({ environment: { LEVEL: 'debug', NEW: 'secret-2' }, secrets: ['a', 'b'], memoryMiB: 256 })
  expect(specDifference(before, after)).toEqual([
    'environment.LEVEL',
    'environment.NEW',
    'environment.OLD',
    'memoryMiB',
    'secrets',
  ])
})

test('labels of the commit are passed over, others are not', () => {
  const labels = (sha: string, team: string) => ({ 'com.openfaas.cloud.git-sha': sha, team })
  expect(specDifference(aSpec({ labels: labels('a', 'x') }), aSpec({ labels: labels('b', 'y') }))).toEqual([
    'labels.team',
  ])
})

test('a name that objects have by themselves is a name like any other', () => {
  const spec = aSpec({ environment: { constructor: 'x' } })
  expect(specDifference(aSpec(), spec)).toEqual(['environment.constructor'])
})
