import { expect, test } from 'vitest'
import { isOnOlderBase } from './image-base.ts'

const looked = (image: string, id: string | null) => ({ image, id, digest: null })
const base = (image: string, id: string | null, isOfCloud = false) => ({ ...looked(image, id), isOfCloud })
const today = { cloud: looked('pushfn/base:2', 'c2'), named: [looked('debian', 'd2'), looked('gone', null)] }

test.each([
  ['the cloud’s own of before, which had another name', [base('pushfn/base:1', 'c1', true)], true],
  ['the cloud’s own of today', [base('pushfn/base:1', 'c2', true)], false],
  ['one of two that moved', [base('pushfn/base:2', 'c2', true), base('debian', 'd1')], true],
  ['what is as it was', [base('debian', 'd2')], false],
  ['what could not be told then', [base('debian', null)], true],
  ['what cannot be told today', [base('gone', 'g1')], false],
  ['what nobody looked at today', [base('other', 'o1')], false],
  ['nothing', [], false],
  ['what nobody recorded', null, true],
])('of an image that stands on %s it is said so', (_, bases, isOlder) => {
  expect(isOnOlderBase(bases, today)).toBe(isOlder)
})
