import { Worker } from 'node:worker_threads'
import { AppError } from '@pushfn/model/errors'
import type { parseStack } from '@pushfn/model/parse-stack'

export type ParsedStack = ReturnType<typeof parseStack>
export interface StackText {
  text: string
  file: string
}

const LIMIT_MS = 1_000

/**
 * Parses stacks in a thread beside this one: whatever text a tenant pushes, this process goes on, and a parse that takes
 * too long is ended with its thread.
 */
export interface StackParser extends AsyncDisposable {
  parse(stack: StackText): Promise<ParsedStack>
}

export const openStackParser = (): StackParser => {
  // The file's ending is that of this one: `.ts` from source, `.js` when compiled.
  const file = new URL(
    `./stack-parser.worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
    import.meta.url,
  )
  let worker: Worker | undefined
  let turn: Promise<unknown> = Promise.resolve()

  const parseNow = async (stack: StackText): Promise<ParsedStack> => {
    worker ??= new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: 128, stackSizeMb: 4 } })
    const used = worker
    const answer = Promise.withResolvers<ParsedStack>()
    const fail = () => {
      worker = undefined
      void used.terminate()
      answer.reject(tooHard(stack.file))
    }
    const timer = setTimeout(fail, LIMIT_MS)
    used.once('message', answer.resolve)
    used.once('error', fail)
    used.postMessage(stack)
    try {
      return await answer.promise
    } finally {
      clearTimeout(timer)
      used.removeAllListeners()
    }
  }

  return {
    // One after the other: a thread answers one question at a time.
    parse: (stack) => {
      const mine = turn.then(() => parseNow(stack))
      turn = mine.catch(() => undefined)
      return mine
    },
    [Symbol.asyncDispose]: async () => {
      await worker?.terminate()
    },
  }
}

const tooHard = (file: string): AppError =>
  new AppError('STACK_INVALID', 'a stack took too long to parse', {
    hint: `${file}: it takes too long to read: make it smaller or less deeply nested`,
    faults: [{ message: 'it takes too long to read', place: { file, line: 1 } }],
  })
