import { readFileSync } from 'node:fs'

/** Of this program. Read without a schema: it is our own file, and every start waits for it. */
export const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}
