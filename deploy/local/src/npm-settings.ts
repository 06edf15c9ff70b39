import { runCommand } from './run-command.ts'

const DEFAULT_REGISTRY = 'https://registry.npmjs.org/'
/** npm's key here, and where a proxy stands in the environment when npm's own configuration has none. */
const KEYS = ['registry', 'proxy', 'https-proxy', 'noproxy'] as const

/**
 * The lines of `.npmrc` that npm in a container needs to reach what npm on this machine reaches: registry and proxies,
 * only where they are not npm's defaults. Never a credential: a URL with a user or password in it is left out, and so is
 * a proxy on loopback, which a container cannot reach.
 */
export const readNpmSettings = async (): Promise<string> => {
  const lines = await Promise.all(
    KEYS.map(async (key) => {
      const value = (await runCommand('npm', ['config', 'get', key], { timeoutMs: 20_000 })).trim()
      return isWorthKeeping(key, value) ? `${key}=${value}\n` : ''
    }),
  )
  return lines.join('')
}

const isWorthKeeping = (key: (typeof KEYS)[number], value: string): boolean => {
  if (value === '' || value === 'null' || value === 'undefined' || value === DEFAULT_REGISTRY) return false
  if (key === 'noproxy') return true
  const url = URL.parse(value)
  if (!url || url.username || url.password) return false
  return !/^(localhost|127\.|\[::1\])/.test(url.hostname)
}
