import { describe, expect, it } from 'vitest'
import { AccessPolicy } from './access-policy.ts'
import { FunctionSpec } from './function-spec.ts'
import { functionSpec, SPEC_DEFAULTS } from './function-spec-from.ts'
import { parseStack } from './parse-stack.ts'

const specOf = (lines = '', fromFiles: Record<string, string> = {}) => {
  const text = `functions:\n  hello:\n    lang: node24\n    handler: ./hello\n${lines}`
  const parsed = parseStack(text, { file: 'stack.yml' })
  const [fn] = 'stack' in parsed ? parsed.stack.functions : []
  if (!fn) throw new Error(JSON.stringify(parsed))
  const { spec, warnings } = functionSpec(fn, fromFiles, SPEC_DEFAULTS, 'stack.yml')
  return { spec, warnings, told: warnings.map(({ message }) => message) }
}

describe('functionSpec', () => {
  it('fills in what OpenFaaS Cloud would', () => {
    const { spec, warnings } = specOf()
    expect(FunctionSpec.parse(spec)).toEqual(spec)
    expect(warnings).toEqual([])
    expect(spec).toEqual({
      environment: {},
      secrets: [],
      sealed: {},
      labels: {},
      annotations: {},
      memoryMiB: 128,
      cpuMillis: 1000,
      processes: 128,
      isRootReadOnly: true,
      scale: {
        min: 1,
        max: 4,
        type: 'concurrency',
        target: 45,
        pauseAfterMs: 300_000,
        stopAfterMs: 1_800_000,
        maxInflight: null,
        holdCalls: null,
        holdMs: null,
      },
      health: { path: '/_/health', initialDelayMs: 0 },
      timeouts: { responseMs: 60_000, idleMs: 60_000, answerMs: null },
      access: AccessPolicy.parse({}),
      schedule: null,
    })
  })

  it('gives what is asked for', () => {
    const { spec, told } = specOf(`    fprocess: cat
    secrets: [a]
    readonly_root_filesystem: false
    limits: {memory: 256Mi, cpu: 250m}
    environment: {exec_timeout: 5m, read_timeout: 10s, write_timeout: 2m}
    labels: {canary: true, com.openfaas.scale.min: 2, com.openfaas.scale.max: 5}
    annotations:
      topic: cron-function
      schedule: "*/5  * * * *"
      pushfn.cloud/timezone: Europe/Berlin
      com.openfaas.health.http.path: /healthz
      com.openfaas.health.http.initialDelay: 1s500ms
`)
    expect(told).toEqual([])
    expect(spec).toMatchObject({
      environment: { fprocess: 'cat', exec_timeout: '5m' },
      secrets: ['a'],
      sealed: {},
      isRootReadOnly: false,
      memoryMiB: 256,
      cpuMillis: 250,
      labels: { canary: 'true' },
      annotations: { topic: 'cron-function' },
      scale: { min: 2, max: 5 },
      health: { path: '/healthz', initialDelayMs: 1500 },
      timeouts: { responseMs: 300_000, idleMs: 120_000, answerMs: null },
      access: AccessPolicy.parse({}),
      schedule: { cron: '*/5 * * * *', timeZone: 'Europe/Berlin' },
    })
  })

  it('lets the variables of files win over those of the stack', () => {
    const { spec } = specOf('    environment: {A: stack, B: stack, exec_timeout: 10s}\n', {
      A: 'file',
      exec_timeout: '20s',
    })
    expect(spec.environment).toEqual({ A: 'file', B: 'stack', exec_timeout: '20s' })
    expect(spec.timeouts.responseMs).toBe(20_000)
  })

  it('lets a request raise the default, and never lower it', () => {
    expect(specOf('    requests: {memory: 200Mi, cpu: 10m}\n').spec).toMatchObject({ memoryMiB: 200, cpuMillis: 1000 })
  })

  it('cuts what is too much, and says so at its place', () => {
    const { spec, warnings } = specOf(`    limits: {memory: 4Gi, cpu: 8}
    labels: {com.openfaas.scale.max: 100}
    environment: {exec_timeout: 1h}
    annotations: {com.openfaas.health.http.initialDelay: 1h}
`)
    expect(spec).toMatchObject({
      memoryMiB: 1024,
      cpuMillis: 2000,
      scale: { min: 1, max: 20 },
      health: { initialDelayMs: 120_000 },
      timeouts: { responseMs: 600_000 },
      access: AccessPolicy.parse({}),
      schedule: null,
    })
    expect(warnings.map(({ message, place }) => [place?.line, message])).toEqual([
      [5, 'functions.hello.limits.memory is 4096 MiB, but a function may have 1024 MiB here: it gets those'],
      [5, 'functions.hello.limits.cpu is 8000m, but a function may have 2000m here: it gets those'],
      [
        6,
        'functions.hello.labels.com.openfaas.scale.max is 100, but a function may have 20 replicas here: it gets those',
      ],
      [
        8,
        'functions.hello.annotations.com.openfaas.health.http.initialDelay is "1h", but may be 120s here: it is that',
      ],
      [7, 'functions.hello.environment.exec_timeout is "1h", but may be 600s here: it is that'],
    ])
  })

  it('limits a whole answer only where it is told to', () => {
    const answerWithin = (time: string) => specOf(`    annotations: {pushfn.cloud/answer-within: ${time}}\n`)
    expect(answerWithin('10m').spec.timeouts.answerMs).toBe(600_000)
    const { spec, told } = answerWithin('0s')
    expect(spec.timeouts.answerMs).toBe(null)
    expect(told).toEqual([
      expect.stringMatching(/answer-within must be a time above 0, .* but is "0s": there is no limit/),
    ])
  })

  it('keeps to the defaults where a value makes no sense', () => {
    const { spec, told } = specOf(`    labels: {com.openfaas.scale.min: many, com.openfaas.scale.max: 0}
    environment: {exec_timeout: soon, write_timeout: -5s, read_timeout: ""}
    annotations: {com.openfaas.health.http.path: "healthz\\r\\nX: y", com.openfaas.health.http.initialDelay: x}
`)
    expect(spec).toMatchObject({
      scale: { min: 1, max: 4 },
      health: { path: '/_/health', initialDelayMs: 0 },
      timeouts: { responseMs: 60_000, idleMs: 60_000, answerMs: null },
      access: AccessPolicy.parse({}),
      schedule: null,
    })
    expect(told).toEqual([
      'functions.hello.labels.com.openfaas.scale.min must be a whole number from 0 on, but is "many": it is 1',
      'functions.hello.labels.com.openfaas.scale.max must be a whole number from 1 on, but is "0": it is 4',
      'functions.hello.annotations.com.openfaas.health.http.path must be a path that begins with “/”, but is "healthz\\u000d\\u000aX: y": it is /_/health',
      'functions.hello.annotations.com.openfaas.health.http.initialDelay must be a time, as in 30s or 1m30s, but is "x": it is 0s',
      'functions.hello.environment.exec_timeout must be a time, as in 30s or 1m30s, but is "soon": it is 60s',
      'functions.hello.environment.write_timeout must be a time, as in 30s or 1m30s, but is "-5s": it is 60s',
    ])
  })

  it.each([
    ['min: 8', { min: 8, max: 8 }, 0],
    ['max: 2', { min: 1, max: 2 }, 0],
    ['min: 0', { min: 0, max: 4 }, 0],
    ['min: 5, com.openfaas.scale.max: 3', { min: 3, max: 3 }, 1],
  ])('makes sense of com.openfaas.scale.%s', (labels, scale, warningCount) => {
    const { spec, told } = specOf(`    labels: {com.openfaas.scale.${labels}}\n`)
    expect(spec.scale).toMatchObject(scale)
    expect(told).toHaveLength(warningCount)
  })

  it('reads no time as the longest there is, as the watchdogs read it as none', () => {
    expect(specOf('    environment: {exec_timeout: 0s}\n').spec.timeouts.responseMs).toBe(600_000)
  })

  it('passes over annotations that are not let through, and every word that is the cloud’s own', () => {
    const { spec, told } = specOf(`    labels:
      pushfn.cloud/tenant: other
      com.openfaas.cloud.git-owner: other
      mine: x
    annotations: {pushfn.cloud/managed: x, pushfn.cloud/note: y, prometheus.io/scrape: "true", topicality: z}
`)
    expect(spec.labels).toEqual({ mine: 'x' })
    expect(spec.annotations).toEqual({ 'pushfn.cloud/note': 'y' })
    expect(told.sort()).toEqual([
      'functions.hello.annotations.prometheus.io/scrape is not let through on this cloud',
      'functions.hello.annotations.pushfn.cloud/managed is passed over: the cloud alone sets it',
      'functions.hello.annotations.topicality is not let through on this cloud',
      'functions.hello.labels.com.openfaas.cloud.git-owner is passed over: the cloud alone sets it',
      'functions.hello.labels.pushfn.cloud/tenant is passed over: the cloud alone sets it',
    ])
  })
})
