import { describe, expect, test } from 'vitest'
import { FunctionSpec } from './function-spec.ts'
import { isSameSpec } from './same-spec.ts'

const aSpec = (spec: Partial<FunctionSpec> = {}): FunctionSpec =>
  FunctionSpec.parse({
    environment: { A: '1', B: '2' },
    secrets: ['one', 'two'],
    labels: { 'com.openfaas.cloud.git-branch': 'main' },
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

describe('two specs are the same', () => {
  test('whatever the order of their keys', () => {
    expect(isSameSpec(aSpec(), aSpec({ environment: { B: '2', A: '1' } }))).toBe(true)
  })

  test('of two pushes of one branch', () => {
    const of = (sha: string, time: string) =>
      aSpec({
        labels: {
          'com.openfaas.cloud.git-branch': 'main',
          'com.openfaas.cloud.git-sha': sha,
          'com.openfaas.cloud.git-deploytime': time,
        },
      })
    expect(isSameSpec(of('a', '1'), of('b', '2'))).toBe(true)
  })

  test('when the one was stored before a field was there', () => {
    const { schedule: _, ...stored } = JSON.parse(JSON.stringify(aSpec()))
    expect(isSameSpec(stored, aSpec())).toBe(true)
  })
})

describe('two specs differ', () => {
  test.each<[string, Partial<FunctionSpec>]>([
    ['a variable', { environment: { A: '1', B: '3' } }],
    ['a variable more', { environment: { A: '1', B: '2', C: '' } }],
    ['the order of a list', { secrets: ['two', 'one'] }],
    ['the branch', { labels: { 'com.openfaas.cloud.git-branch': 'dev' } }],
    ['memory', { memoryMiB: 256 }],
    ['a schedule', { schedule: { cron: '* * * * *', timeZone: 'UTC' } }],
  ])('by %s', (_what, spec) => {
    expect(isSameSpec(aSpec(), aSpec(spec))).toBe(false)
  })
})
