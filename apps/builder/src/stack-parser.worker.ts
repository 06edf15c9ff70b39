import { parentPort } from 'node:worker_threads'
import { parseEnvironmentFile } from '@pushfn/model/parse-environment-file'
import { parseStack } from '@pushfn/model/parse-stack'
import type { Question } from './stack-parser.ts'

parentPort?.on('message', ({ kind, text, file }: Question) => {
  parentPort?.postMessage(kind === 'stack' ? parseStack(text, { file }) : parseEnvironmentFile(text, file))
})

parentPort?.postMessage('ready')
