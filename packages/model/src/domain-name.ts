import { z } from 'zod'
import { plain, quote } from './quote.ts'

/** The record that proves who owns a domain stands at `_pushfn.<domain>`, which must be a name of DNS as well. */
const LONGEST = 253 - '_pushfn.'.length
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Names that no public DNS answers for: nobody can prove that they are his. */
const NOBODYS = new Set(['localhost', 'local', 'internal', 'arpa', 'onion', 'invalid'])

/**
 * A host that a tenant brings itself, as DNS has it: lower case, other scripts as punycode, no dot at the end. Takes it as
 * people write it (`Bücher.example.com`).
 */
export const DomainName = z.string().transform((written, ctx) => {
  const read = domainName(written)
  if ('name' in read) return read.name
  ctx.addIssue({ code: 'custom', message: read.problem })
  return z.NEVER
})
export type DomainName = z.infer<typeof DomainName>

/** Where the record that proves ownership stands, and what it says. */
export const domainRecord = (name: string, token: string): { name: string; type: 'TXT'; value: string } => ({
  name: `_pushfn.${name}`,
  type: 'TXT',
  value: `pushfn-verify=${token}`,
})

/** Whether a name is this domain or one under it. */
export const isWithin = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`)

const domainName = (written: string): { name: string } | { problem: string } => {
  const text = written.trim().replace(/\.$/, '')
  if (text.length > 1_000) return { problem: `${quote(text)} is too long for a domain` }
  if (text.includes('*')) return { problem: `${quote(text)} is a wildcard: name each host` }
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined
  // What the parser took for more than a host (a port, a path, a name) is none.
  if (!url || url.href !== `http://${url.hostname}/` || /[/?#@:%\\]/.test(text)) {
    return { problem: `${quote(text)} is no domain: give the host alone, as in shop.example.com` }
  }
  const name = url.hostname.replace(/\.$/, '')
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  if (/^\d+$/.test(last)) return { problem: `“${plain(name)}” is an address: give a domain` }
  if (name.length > LONGEST) return { problem: `“${plain(name)}” is longer than ${LONGEST} characters` }
  if (labels.length < 2 || NOBODYS.has(last)) return { problem: `“${plain(name)}” is no domain of the public DNS` }
  if (!labels.every((label) => LABEL.test(label))) {
    return { problem: `“${plain(name)}” is no host name: letters, digits and “-” between dots` }
  }
  return { name }
}
