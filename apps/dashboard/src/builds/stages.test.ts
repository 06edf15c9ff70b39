import { expect, test } from 'vitest'
import { stagesOf } from './stages.ts'

const build = { createdAt: new Date(1_000).toISOString(), finishedAt: null }
const shortly = (stages: ReturnType<typeof stagesOf>) => stages.map(({ name, status, ms }) => `${name} ${status} ${ms}`)

test('a build under way has stages behind it, one that grows, and some ahead', () => {
  expect(shortly(stagesOf(build, 'building', { checkout: 1_200, building: 1_500 }, 9_000))).toEqual([
    'queued done 200',
    'checkout done 300',
    'building current 7500',
    'deploying ahead undefined',
    'live ahead undefined',
  ])
})

test('a build that is live went through all of them', () => {
  const since = { checkout: 1_200, building: 1_500, deploying: 2_500, live: 2_700 }
  expect(shortly(stagesOf(build, 'live', since, 9_000))).toEqual([
    'queued done 200',
    'checkout done 300',
    'building done 1000',
    'deploying done 200',
    'live done undefined',
  ])
})

test('a build that failed was cut in the stage it had reached', () => {
  expect(shortly(stagesOf(build, 'failed', { checkout: 1_200, failed: 1_900 }, 9_000))).toEqual([
    'queued done 200',
    'checkout cut 700',
    'building ahead undefined',
    'deploying ahead undefined',
    'live ahead undefined',
  ])
})

test('a build that never ran was cut while it waited', () => {
  const skipped = { ...build, finishedAt: new Date(1_004).toISOString() }
  expect(shortly(stagesOf(skipped, 'skipped', {}, 9_000))[0]).toBe('queued cut 4')
})

test('a stage whose time nobody told is there without one', () => {
  expect(shortly(stagesOf(build, 'deploying', { deploying: 2_500 }, 3_000))).toEqual([
    'queued done 1500',
    'checkout done undefined',
    'building done undefined',
    'deploying current 500',
    'live ahead undefined',
  ])
})
