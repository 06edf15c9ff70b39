import { resolvedHost } from '@pushfn/images/public-host'
import { AppError } from '@pushfn/model/errors'

/** Where a template repository is, as git is told. */
export interface TemplateSource {
  url: string
  /** Branch or tag, or `HEAD`. */
  ref: string
  protocol: 'http' | 'https'
  /** Its host's addresses, so that git asks no resolver again. */
  resolved: string | undefined
}

/**
 * A template's address that a link named, so anybody's word: a public Git server by https, or one of those that the operators
 * named. Throws BAD_REQUEST.
 */
export const templateSource = async (template: string, allowedHosts: readonly string[]): Promise<TemplateSource> => {
  const parsed = URL.canParse(template) ? new URL(template) : undefined
  const protocol = parsed?.protocol.slice(0, -1)
  if (!parsed || (protocol !== 'https' && protocol !== 'http')) throw refused('is no https://host/owner/repository')
  if (parsed.username || parsed.password) throw refused('bears a password: only what anybody may read is copied')
  const ref = decodeURIComponent(parsed.hash.slice(1)) || 'HEAD'
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/.test(ref) || ref.includes('..')) throw refused('names no branch or tag')
  parsed.hash = ''
  const source = { url: parsed.href, ref, protocol } as const
  if (allowedHosts.includes(parsed.host) || allowedHosts.includes(parsed.hostname)) {
    return { ...source, resolved: undefined }
  }
  if (protocol !== 'https') throw refused('is no https://host/owner/repository')
  const resolved = await resolvedHost(parsed.href).catch((cause: unknown) => {
    throw refused('is on no host that the internet knows', cause)
  })
  return { ...source, resolved }
}

export const refused = (what: string, cause?: unknown): AppError =>
  new AppError('BAD_REQUEST', `the template ${what}`, { hint: `the template ${what}`, cause })
