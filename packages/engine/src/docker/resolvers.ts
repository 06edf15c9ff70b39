import { readFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'

/**
 * The resolvers dockerd hands to its embedded one, as dockerd finds them: the host's, or systemd-resolved's own file when
 * the host names nothing but a stub on loopback. Up to now (20.10 to 28) the embedded resolver asks them from within the
 * container's network, so that a resolver on a private address must be let through; one on loopback is asked by the host.
 */
export const hostResolvers = async (etc = '/etc/resolv.conf', systemd = '/run/systemd/resolve/resolv.conf') => {
  const named = nameservers(await textOf(etc))
  const isStubOnly = named.length > 0 && named.every((ip) => ip.startsWith('127.'))
  return (isStubOnly ? nameservers(await textOf(systemd)) : named).filter((ip) => !ip.startsWith('127.'))
}

const nameservers = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((ip) => isIPv4(ip))

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
