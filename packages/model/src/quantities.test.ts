import { describe, expect, it } from 'vitest'
import { cpuMillis, memoryMiB } from './quantities.ts'

describe('memoryMiB', () => {
  it.each([
    ['128Mi', 128],
    ['128M', 128],
    ['128MB', 128],
    ['128MiB', 128],
    ['64m', 64],
    ['1Gi', 1024],
    ['1g', 1024],
    ['0.5Gi', 512],
    ['1.5Gi', 1536],
    ['512Ki', 1],
    ['1Ti', 1_048_576],
    ['134217728', 128],
    ['134217729', 129],
    ['134217728b', 128],
  ])('reads %s as %i MiB', (text, mebibytes) => {
    expect(memoryMiB(text)).toBe(mebibytes)
  })

  it.each([
    '',
    'Mi',
    '-1Mi',
    '.inf',
    '.nan',
    '1e400',
    '1e9',
    '128 Mi',
    '1,5Gi',
    '0x10',
    '128Qi',
    '9'.repeat(400),
    '1Mi\n2',
  ])('takes %j for no amount', (text) => {
    expect(memoryMiB(text)).toBeUndefined()
  })
})

describe('cpuMillis', () => {
  it.each([
    ['100m', 100],
    ['0.5', 500],
    ['.5', 500],
    ['1', 1000],
    ['2.25', 2250],
    ['0.29', 290],
    ['0.0001', 1],
  ])('reads %s as %i thousandths of a core', (text, millis) => {
    expect(cpuMillis(text)).toBe(millis)
  })

  it.each(['', 'm', '-1', '0.5m', '1e3', '.inf', '1k', '.', '1.', '9'.repeat(400)])(
    'takes %j for no amount',
    (text) => {
      expect(cpuMillis(text)).toBeUndefined()
    },
  )
})
