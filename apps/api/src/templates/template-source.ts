import { type GitSource, parseGitSource, type SourceFault } from '@pushfn/images/git-source'
import { resolvedHost } from '@pushfn/images/public-host'
import { AppError } from '@pushfn/model/errors'

/** Where a template repository is, as git is told. */
export interface TemplateSource extends GitSource {
  /** Its host's addresses, so that git asks no resolver again. */
  resolved: string | undefined
}

/**
 * A template's address that a link named, so anybody's word: a public Git server by https, or one of those that the operators
 * named. Throws BAD_REQUEST.
 */
export const templateSource = async (template: string, allowedHosts: readonly string[]): Promise<TemplateSource> => {
  const source = parseGitSource(template, ['https', 'http'])
  if ('fault' in source) throw refused(FAULTS[source.fault])
  const { host, hostname } = new URL(source.url)
  if (allowedHosts.includes(host) || allowedHosts.includes(hostname)) return { ...source, resolved: undefined }
  if (source.protocol !== 'https') throw refused(FAULTS['no-source'])
  const resolved = await resolvedHost(source.url).catch((cause: unknown) => {
    throw refused('is on no host that the internet knows', cause)
  })
  return { ...source, resolved }
}

const FAULTS: Readonly<Record<SourceFault, string>> = {
  'no-source': 'is no https://host/owner/repository',
  password: 'bears a password: only what anybody may read is copied',
  ref: 'names no branch or tag',
}

export const refused = (what: string, cause?: unknown): AppError =>
  new AppError('BAD_REQUEST', `the template ${what}`, { hint: `the template ${what}`, cause })
