import { describe, expect, it } from 'vitest'
import { AppError, ERRORS, faultText, placeText, toAppError } from './errors.ts'

describe('AppError', () => {
  it('keeps what operators see apart from what tenants see', () => {
    const cause = new Error('ECONNREFUSED 10.0.0.7')
    const error = new AppError('STACK_INVALID', 'stack.yml of push 7 has 2 faults', { hint: 'mend line 3', cause })
    expect(error).toMatchObject({ message: 'stack.yml of push 7 has 2 faults', hint: 'mend line 3', cause, faults: [] })
    expect(error.hint).not.toContain('10.0.0.7')
  })

  it('has neither cause nor hint when none is given', () => {
    const error = new AppError('NOT_FOUND', 'no such build')
    expect(error.hint).toBeUndefined()
    expect(Object.hasOwn(error, 'cause')).toBe(false)
  })

  it('says by its code how to answer and whether trying again can help', () => {
    expect(new AppError('STACK_INVALID', '')).toMatchObject({ status: 422, isRetryable: false })
    expect(new AppError('ENGINE_FAILED', '')).toMatchObject({ status: 503, isRetryable: true })
    for (const { status } of Object.values(ERRORS)) expect(status).toBeGreaterThanOrEqual(400)
  })
})

describe('toAppError', () => {
  it('leaves one as it is', () => {
    const error = new AppError('CONFLICT', 'x')
    expect(toAppError(error)).toBe(error)
  })

  it.each([new Error('password=hunter2'), 'password=hunter2', { password: 'hunter2' }, undefined, null])(
    'tells tenants nothing of %j',
    (thrown) => {
      const error = toAppError(thrown)
      expect(error.code).toBe('INTERNAL')
      expect(error.cause).toBe(thrown)
      expect(error.hint).not.toContain('hunter2')
    },
  )
})

describe('faultText', () => {
  const place = { file: 'stack.yml', line: 3, column: 5, key: 'functions.hello.lang' }

  it('names place, key and fault', () => {
    expect(placeText(place)).toBe('stack.yml:3:5 functions.hello.lang')
    expect(faultText({ message: 'no such template', place })).toBe(
      'stack.yml:3:5 functions.hello.lang: no such template',
    )
  })

  it('does not name the key twice', () => {
    const message = 'functions.hello.lang must be text, but is a list'
    expect(faultText({ message, place })).toBe(`stack.yml:3:5: ${message}`)
  })

  it('does with what there is', () => {
    expect(faultText({ message: 'too large', place: { file: 'stack.yml' } })).toBe('stack.yml: too large')
    expect(faultText({ message: 'too large' })).toBe('too large')
  })
})
