import { expect, test } from 'vitest'
import { problems, renderProblem } from './problem.ts'

const curl = { 'user-agent': 'curl/8.1', accept: '*/*' }

test.each([
  [{}, 'application/problem+json'],
  [{ 'user-agent': 'Mozilla/5.0', accept: 'text/html' }, 'application/problem+json'],
  [curl, 'text/plain; charset=utf-8'],
  [{ ...curl, accept: 'application/json' }, 'application/problem+json'],
  [{ 'user-agent': 'Wget/1.21' }, 'text/plain; charset=utf-8'],
])('%j gets %s', (headers, type) => {
  const { headers: flat, body } = renderProblem(problems.crashed('f.ada'), headers, 'id-1')
  expect(flat[1]).toBe(type)
  expect(body).toContain('f.ada')
  expect(flat[flat.indexOf('content-length') + 1]).toBe(String(Buffer.byteLength(body)))
})

test('JSON has RFC 9457’s members and the call’s id', () => {
  const { body } = renderProblem(problems.timedOut('f.ada', 1500), {}, 'id-1')
  expect(JSON.parse(body)).toMatchObject({
    type: 'about:blank',
    status: 504,
    title: 'Function timed out',
    detail: 'The function did not begin to answer within 1.5 s.',
    function: 'f.ada',
    callId: 'id-1',
  })
})

test('a name that a caller made up is quoted, so that it cannot forge a line', () => {
  const { body } = renderProblem(problems.noSuchFunction('x\n200 OK'), curl, undefined)
  expect(body.split('\n')).toHaveLength(2)
})
