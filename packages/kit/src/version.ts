import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const Manifest = z.object({ version: z.string() })

/** Of Pushfn. */
export const version = async (): Promise<string> =>
  Manifest.parse(JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))).version
