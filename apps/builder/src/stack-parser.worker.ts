import { parentPort } from 'node:worker_threads'
import { parseEnvironmentFile } from '@pushfn/model/parse-environment-file'
import { parseSealedSecrets } from '@pushfn/model/parse-sealed-secrets'
import { parseStack } from '@pushfn/model/parse-stack'
import type { Question } from './stack-parser.ts'

const PARSERS = {
  stack: (text: string, file: string) => parseStack(text, { file }),
  environment: parseEnvironmentFile,
  sealed: parseSealedSecrets,
} as const satisfies Record<Question['kind'], unknown>

parentPort?.on('message', ({ kind, text, file }: Question) => parentPort?.postMessage(PARSERS[kind](text, file)))

parentPort?.postMessage('ready')
