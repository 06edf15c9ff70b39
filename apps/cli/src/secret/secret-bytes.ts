import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'

export interface SecretSource {
  file?: string | undefined
  exact?: true | undefined
}

/**
 * The value of a secret: what is piped in, stands in a file, or is typed without being shown; never an argument. The line end that
 * editors and `echo` put behind a text is none of it, unless `exact`.
 */
export const secretBytes = async (context: Context, name: string, source: SecretSource): Promise<Buffer> => {
  const bytes = await bytesFrom(context, name, source)
  const text = bytes.toString('utf8')
  if (source.exact || !Buffer.from(text).equals(bytes)) return bytes
  return Buffer.from(text.replace(/\r?\n$/, ''))
}

const bytesFrom = async ({ signal, folder }: Context, name: string, { file }: SecretSource): Promise<Buffer> => {
  if (file !== undefined) {
    return readFile(resolve(folder, file)).catch((cause: unknown) => {
      throw new Failure('usage', `${file} cannot be read`, { cause })
    })
  }
  if (!process.stdin.isTTY) return buffer(process.stdin)
  const { default: password } = await import('@inquirer/password')
  return Buffer.from(await password({ message: `Value of ${name}` }, { signal, output: process.stderr }))
}
