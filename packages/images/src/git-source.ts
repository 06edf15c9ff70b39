export interface GitSource {
  url: string
  protocol: string
  /** Branch or tag, or `HEAD`. */
  ref: string
}

/** What is wrong with a source that somebody named. */
export type SourceFault = 'no-source' | 'password' | 'ref'

/** `https://host/owner/repo`, with `#branch` or `#tag` at its end; or what is wrong with it. */
export const parseGitSource = (
  source: string,
  protocols: readonly string[],
): GitSource | { fault: SourceFault; ref?: string } => {
  const parsed = URL.canParse(source) ? new URL(source) : undefined
  const protocol = parsed?.protocol.slice(0, -1)
  if (!parsed || protocol === undefined || !protocols.includes(protocol)) return { fault: 'no-source' }
  if (parsed.username || parsed.password) return { fault: 'password' }
  const ref = decoded(parsed.hash.slice(1)) || 'HEAD'
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/.test(ref) || ref.includes('..')) return { fault: 'ref', ref }
  parsed.hash = ''
  return { url: parsed.href, protocol, ref }
}

/** What cannot be decoded stays as it is, and is no ref. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
