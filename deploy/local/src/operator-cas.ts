import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
const SHIPPED = '/usr/share/ca-certificates'
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * The certificate authorities that this machine trusts beyond those its distribution ships (a company's own, a proxy that
 * looks into TLS), as PEM by SHA-256 fingerprint. Builds in containers must trust them too. Looks into the machine's
 * bundle and into `NODE_EXTRA_CA_CERTS`.
 */
export const findOperatorCas = async (): Promise<ReadonlyMap<string, string>> => {
  const shipped = new Set<string>()
  for (const path of await filesUnder(SHIPPED)) for (const [id] of await certificatesIn(path)) shipped.add(id)
  const own = new Map<string, string>()
  for (const path of new Set([BUNDLE, process.env.NODE_EXTRA_CA_CERTS ?? BUNDLE])) {
    for (const [id, pem] of await certificatesIn(path)) if (!shipped.has(id)) own.set(id, pem)
  }
  return new Map([...own].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const certificatesIn = async (path: string): Promise<[id: string, pem: string][]> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  return (text.match(PEM) ?? []).flatMap((pem): [string, string][] => {
    try {
      return [[new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase(), pem]]
    } catch {
      return []
    }
  })
}

const filesUnder = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
