import { describe, expect, it } from 'vitest'
import { SPEC_DEFAULTS } from './function-spec-from.ts'
import { scaleSpec } from './scale-spec-from.ts'

const specOf = (labels: Record<string, string>, stopAfter?: string, annotations: Record<string, string> = {}) => {
  const told: string[] = []
  const spec = scaleSpec(
    {
      labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value])),
      annotations: { ...annotations, ...(stopAfter !== undefined && { 'pushfn.cloud/stop-after': stopAfter }) },
      defaults: SPEC_DEFAULTS.scale,
      mostReplicas: 20,
    },
    (key, message) => told.push(`${key} ${message}`),
  )
  return { spec, told }
}

describe('what a function is scaled by', () => {
  it.each([
    [
      { type: 'capacity', target: '100' },
      { type: 'concurrency', target: 90 },
    ],
    [
      { type: 'concurrency', target: '10', 'target-proportion': '1' },
      { type: 'concurrency', target: 10 },
    ],
    [
      { type: 'rps', target: '200', 'target-proportion': '0.5' },
      { type: 'rps', target: 100 },
    ],
    [
      { type: 'cpu', target: '500' },
      { type: 'cpu', target: 450 },
    ],
    [{ 'max-inflight': '1' }, { maxInflight: 1, target: 0.9 }],
    [
      { 'max-inflight': '4', type: 'rps', target: '10' },
      { maxInflight: 4, target: 9 },
    ],
  ])('%o is %o', (labels, spec) => {
    const made = specOf(labels)
    expect(made.told).toEqual([])
    expect(made.spec).toMatchObject(spec)
  })

  it.each([
    [{ type: 'memory' }, /scale\.type must be concurrency .* but is "memory"/, { type: 'concurrency' }],
    [{ target: '0' }, /scale\.target must be a number above 0/, { target: 45 }],
    [{ target: '1e9' }, /scale\.target must be a number/, { target: 45 }],
    [{ 'target-proportion': '1.5' }, /target-proportion must be a number above 0, 1 at most/, { target: 45 }],
    [{ 'max-inflight': '0' }, /max-inflight must be a whole number from 1 on.*there is none/, { maxInflight: null }],
    [{ zero: 'yes' }, /scale\.zero must be true or false/, { pauseAfterMs: 300_000 }],
    [{ 'zero-duration': 'soon' }, /zero-duration must be a time/, { pauseAfterMs: 300_000 }],
    [{ 'zero-duration': '0s' }, /zero-duration is "0s", but must be 1s at least/, { pauseAfterMs: 1_000 }],
  ])('%o is told and passed over', (labels, told, spec) => {
    const made = specOf(labels)
    expect(made.told).toEqual([expect.stringMatching(told)])
    expect(made.spec).toMatchObject(spec)
  })
})

describe('when a function sleeps', () => {
  it('is paused and later stopped, unless it says otherwise', () => {
    expect(specOf({}).spec).toMatchObject({ pauseAfterMs: 300_000, stopAfterMs: 1_800_000 })
    expect(specOf({ zero: 'true', 'zero-duration': '15m' }, '2h').spec).toMatchObject({
      pauseAfterMs: 900_000,
      stopAfterMs: 7_200_000,
    })
    expect(specOf({}, 'never').spec).toMatchObject({ pauseAfterMs: 300_000, stopAfterMs: null })
  })

  it('never sleeps with zero=false', () => {
    expect(specOf({ zero: 'false', 'zero-duration': '1m' }, '2m').spec).toMatchObject({
      pauseAfterMs: null,
      stopAfterMs: null,
    })
  })

  it('is not stopped before it is paused', () => {
    expect(specOf({ 'zero-duration': '2h' })).toMatchObject({ told: [], spec: { stopAfterMs: 7_200_000 } })
    const { spec, told } = specOf({ 'zero-duration': '10m' }, '1m')
    expect(spec.stopAfterMs).toBe(600_000)
    expect(told).toEqual([expect.stringMatching(/stop-after is shorter than the 600s/)])
  })
})

describe('calls that wait for a function', () => {
  const hold = (calls: string, time: string) =>
    specOf({}, undefined, { 'pushfn.cloud/hold-calls': calls, 'pushfn.cloud/hold-for': time })

  it('are as many and as patient as it says, or as the cloud allows', () => {
    expect(specOf({}).spec).toMatchObject({ holdCalls: null, holdMs: null })
    expect(hold('200', '1m30s')).toMatchObject({ told: [], spec: { holdCalls: 200, holdMs: 90_000 } })
  })

  it.each([
    ['0', '999ms'],
    ['-1', 'soon'],
    ['1e3', '-5s'],
    ['', '0'],
  ])('are never so few or so short that it could not be woken: %j and %j', (calls, time) => {
    const { spec, told } = hold(calls, time)
    expect(spec).toMatchObject({ holdCalls: null, holdMs: null })
    expect(told).toEqual([
      expect.stringMatching(/hold-calls must be a whole number from 1 on, but is .*: it is as the cloud allows/),
      expect.stringMatching(/hold-for must be a time from 1s on, but is .*: it is as the cloud allows/),
    ])
  })
})
