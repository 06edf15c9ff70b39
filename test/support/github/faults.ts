/** What can be made to go wrong, for the next calls of one operation. */
export type Fault =
  /** 403 with `x-ratelimit-remaining: 0`, as when the hour's requests are used up. */
  | { kind: 'primary-limit'; resetInSeconds: number }
  /** 403 with `retry-after` and the words that GitHub has for it. */
  | { kind: 'secondary-limit'; retryAfterSeconds: number }
  /** 429 with nothing but `retry-after`, as front doors give it. */
  | { kind: 'too-many'; retryAfterSeconds: number }
  | { kind: 'status'; status: number }
  /** No answer ever. */
  | { kind: 'hang' }
  /** The connection breaks before anything is done. */
  | { kind: 'reset' }
  /** Everything is done, and then the connection breaks: the caller cannot know. */
  | { kind: 'lost-answer' }
  /** 200 with half a body, and then nothing more. */
  | { kind: 'stall' }
  | { kind: 'slow'; ms: number }

/** An operation's id in GitHub's description (`repos/create-commit-status`), `git/fetch`, `git/push`, or `*` for all. */
export type FaultTarget = string

export const createFaults = () => {
  const waiting: { target: FaultTarget; fault: Fault; times: number }[] = []
  return {
    add: (target: FaultTarget, fault: Fault, times: number): void => {
      waiting.push({ target, fault, times })
    },
    clear: (): void => {
      waiting.length = 0
    },
    /** The fault for a call of `target`, used up by one. */
    take: (target: string): Fault | undefined => {
      const entry = waiting.find((one) => one.times > 0 && (one.target === target || one.target === '*'))
      if (entry) entry.times -= 1
      return entry?.fault
    },
  }
}

export type Faults = ReturnType<typeof createFaults>
