import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { beginTrace, isTraceparent } from './trace.ts'

const [trace, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

test.each([
  `00-${trace}-${parent}-01`,
  `00-${trace}-${parent}-00`,
  `00-${trace}-${parent}-ff`,
  `cc-${trace}-${parent}-01`,
  `cc-${trace}-${parent}-01-more`,
])('%s goes on', (text) => {
  expect(isTraceparent(text)).toBe(true)
})

test.each([
  '',
  `ff-${trace}-${parent}-01`,
  `00-${trace}-${parent}-01-more`,
  `cc-${trace}-${parent}-01more`,
  `00-${'0'.repeat(32)}-${parent}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${parent}-01`,
  `00-${trace}-${parent}`,
  `00-${trace}-${parent}-1`,
  `00-${trace}-${parent}-01, 00-${trace}-${parent}-01`,
  ` 00-${trace}-${parent}-01`,
])('%j does not', (text) => {
  expect(isTraceparent(text)).toBe(false)
})

test('a trace that begins here bears the call’s id', () => {
  const callId = randomUUID()
  const begun = beginTrace(callId)
  expect(isTraceparent(begun)).toBe(true)
  expect(begun.split('-')[1]).toBe(callId.replaceAll('-', ''))
})

test.each(['my-call', '00000000-0000-0000-0000-000000000000', '12345678-1234-1234-0000-000000000000'])(
  'a trace of the call %s is valid too',
  (callId) => {
    expect(isTraceparent(beginTrace(callId))).toBe(true)
    expect(beginTrace(callId)).not.toBe(beginTrace(callId))
  },
)
