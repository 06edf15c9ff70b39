import type { Context } from '../context.ts'

/** Says a command's answer: as the API's JSON, or in words. */
export const print = ({ options }: Pick<Context, 'options'>, answer: unknown, words: () => string): void => {
  process.stdout.write(`${options.json ? JSON.stringify(answer, null, 2) : words()}\n`)
}
