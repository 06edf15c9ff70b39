/**
 * Runs `run` with a signal that fires at the caller's abort or after `timeoutMs`, and settles as soon as it fires, even
 * while `run` waits for its turn in a queue that knows no signals. Rejects with the signal's reason then.
 */
export const withDeadline = async <T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const deadline = AbortSignal.timeout(timeoutMs)
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline
  either.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(either.reason)
  either.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([run(either), aborted.promise])
  } finally {
    either.removeEventListener('abort', onAbort)
  }
}

/**
 * A `fetch` of which no single request takes longer than `timeoutMs`. Octokit tries a time-out again, and must not when
 * it was the whole call that ended: that is an AbortError, which it lets through.
 */
export const fetchWithin =
  (timeoutMs: number): typeof fetch =>
  async (input, init) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const outer = init?.signal
    try {
      return await fetch(input, { ...init, signal: outer ? AbortSignal.any([outer, timeout]) : timeout })
    } catch (error) {
      if (outer?.aborted) throw new DOMException('the call ended before its answer', 'AbortError')
      throw error
    }
  }
