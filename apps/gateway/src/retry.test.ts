import { expect, test } from 'vitest'
import { type FailedAttempt, mayRetry } from './retry.ts'

const lost = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })
const anAttempt = (over: Partial<FailedAttempt>): FailedAttempt => ({
  isSent: true,
  hasAnswerBegun: false,
  hasBody: false,
  method: 'GET',
  error: lost,
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
  ['a GET whose answer had begun', { hasAnswerBegun: true }, false],
  ['a GET that failed otherwise', { error: new Error('bad answer') }, false],
  ['a GET that was sent three times', { attempts: 3 }, false],
])('%s', (_, over, may) => expect(mayRetry(anAttempt(over))).toBe(may))
