import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { AppError } from '@pushfn/model/errors'
import type { parseEnvironmentFile } from '@pushfn/model/parse-environment-file'
import type { parseSealedSecrets } from '@pushfn/model/parse-sealed-secrets'
import type { parseStack } from '@pushfn/model/parse-stack'

export interface StackText {
  text: string
  /** Its name in the repository, for places. */
  file: string
}

export type ParsedStack = ReturnType<typeof parseStack>
export type ParsedEnvironment = ReturnType<typeof parseEnvironmentFile>
export type ParsedSealedSecrets = ReturnType<typeof parseSealedSecrets>

/** What the thread is asked. */
export type Question = StackText & { kind: 'stack' | 'environment' | 'sealed' }

const LIMIT_MS = 1_000

/**
 * Parses stacks in a thread beside this one: whatever text a tenant pushes, this process goes on, and a parse that takes
 * too long is ended with its thread.
 */
export interface StackParser extends AsyncDisposable {
  parse(stack: StackText): Promise<ParsedStack>
  parseEnvironment(file: StackText): Promise<ParsedEnvironment>
  parseSealedSecrets(file: StackText): Promise<ParsedSealedSecrets>
}

export const openStackParser = (): StackParser => {
  // The file's ending is that of this one: `.ts` from source, `.js` when compiled.
  const file = new URL(
    `./stack-parser.worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
    import.meta.url,
  )
  /** The thread says “ready” once it has loaded: its own start is not held against a stack. */
  const start = async (): Promise<Worker> => {
    const thread = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: 128, stackSizeMb: 4 } })
    await once(thread, 'message')
    return thread
  }
  let worker: Promise<Worker> | undefined = start()
  let turn: Promise<unknown> = worker

  const ask = async <Answer>(question: Question): Promise<Answer> => {
    worker ??= start()
    const used = await worker
    const answer = Promise.withResolvers<Answer>()
    const fail = () => {
      worker = undefined
      void used.terminate()
      answer.reject(tooHard(question.file))
    }
    const timer = setTimeout(fail, LIMIT_MS)
    used.once('message', answer.resolve)
    used.once('error', fail)
    used.postMessage(question)
    try {
      return await answer.promise
    } finally {
      clearTimeout(timer)
      used.off('message', answer.resolve).off('error', fail)
    }
  }

  /** One after the other: the thread answers one question at a time. */
  const askInTurn = <Answer>(question: Question): Promise<Answer> => {
    const mine = turn.then(() => ask<Answer>(question))
    turn = mine.catch(() => undefined)
    return mine
  }

  return {
    parse: (stack) => askInTurn<ParsedStack>({ ...stack, kind: 'stack' }),
    parseEnvironment: (file) => askInTurn<ParsedEnvironment>({ ...file, kind: 'environment' }),
    parseSealedSecrets: (file) => askInTurn<ParsedSealedSecrets>({ ...file, kind: 'sealed' }),
    [Symbol.asyncDispose]: async () => {
      await (await worker)?.terminate()
    },
  }
}

const tooHard = (file: string): AppError =>
  new AppError('STACK_INVALID', 'a stack took too long to parse', {
    hint: `${file}: it takes too long to read: make it smaller or less deeply nested`,
    faults: [{ message: 'it takes too long to read', place: { file, line: 1 } }],
  })
