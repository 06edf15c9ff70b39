import { fileURLToPath } from 'node:url'

/** This package's folder; the sources and what is compiled of them stand equally deep in it. */
const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

export const BUILT_IN_TEMPLATES = here('templates')

/** What several built-in templates share: name in the image → file here. */
export const RUNTIME_FILES: Readonly<Record<string, string>> = {
  'serve.mjs': here('runtime/serve.mjs'),
  'watchdog.mjs': here('watchdog/watchdog.mjs'),
  'mrmime.mjs': fileURLToPath(import.meta.resolve('mrmime')),
  'pushfn_serve.py': here('runtime/pushfn_serve.py'),
  'pushfn_response.py': here('runtime/pushfn_response.py'),
}
