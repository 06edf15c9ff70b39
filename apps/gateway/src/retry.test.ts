import { expect, test } from 'vitest'
import { type FailedAttempt, mayRetry } from './retry.ts'

const anAttempt = (over: Partial<FailedAttempt>): FailedAttempt => ({
  isSent: true,
  hasAnswered: false,
  hasBody: false,
  method: 'GET',
  attempts: 1,
  ...over,
})

test.each<[string, Partial<FailedAttempt>, boolean]>([
  ['a POST that was not sent', { isSent: false, method: 'POST', hasBody: true }, true],
  ['a GET whose connection was lost', {}, true],
  ['a PUT without a body', { method: 'PUT' }, true],
  ['a PUT with a body', { method: 'PUT', hasBody: true }, false],
  ['a POST without a body', { method: 'POST' }, false],
  ['a PATCH', { method: 'PATCH' }, false],
  ['a GET whose answer had begun', { hasAnswered: true }, false],
  ['a GET that was sent three times', { attempts: 3 }, false],
])('%s', (_, over, may) => expect(mayRetry(anAttempt(over))).toBe(may))
