import { parentPort } from 'node:worker_threads'
import { parseStack } from '@pushfn/model/parse-stack'
import type { StackText } from './stack-parser.ts'

parentPort?.on('message', (stack: StackText) => {
  parentPort?.postMessage(parseStack(stack.text, { file: stack.file }))
})
