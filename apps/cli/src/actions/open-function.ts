import { findFunction } from '../cloud/find-function.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { print } from '../show/print.ts'

/** Prints the URL, and opens it where somebody sits before a screen. */
export const openFunction = async (
  context: Context,
  name: string,
  options: { print?: true | undefined },
): Promise<void> => {
  const { found } = await findFunction(context, name)
  print(context, found, () => found.url)
  if (options.print || context.options.json || !process.stdout.isTTY) return
  // What is opened is handed to another program: an address, and nothing else.
  if (!/^https?:\/\//.test(found.url)) throw new Failure('refused', 'the function’s URL is no web address')
  const { default: open } = await import('open')
  await open(found.url)
}
