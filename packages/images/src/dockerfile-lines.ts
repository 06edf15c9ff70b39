export interface DockerfileLine {
  /** Counts from 1: the line on which the instruction begins. */
  line: number
  /** The instruction with its continuations, white space made single. */
  text: string
}

/**
 * The instructions of a Dockerfile with the lines they begin on. It is read as the oldest frontend reads it: here-documents
 * are not known, so that their lines count as instructions; for a check that is the safe side.
 */
export const dockerfileLines = (content: string): DockerfileLine[] => {
  const physical = content.replace(/^\uFEFF/, '').split(/\r?\n/)
  const continuation = escapeCharacter(physical)
  const found: DockerfileLine[] = []
  let text = ''
  let begin = 0
  for (const [index, raw] of physical.entries()) {
    // A comment or an empty line inside a continued instruction does not end it.
    if (/^\s*(#|$)/.test(raw)) continue
    if (text === '') begin = index + 1
    const trimmed = raw.trimEnd()
    if (trimmed.endsWith(continuation)) {
      text += `${trimmed.slice(0, -1)} `
      continue
    }
    text += trimmed
    found.push({ line: begin, text: text.replace(/\s+/g, ' ').trim() })
    text = ''
  }
  if (text.trim() !== '') found.push({ line: begin, text: text.replace(/\s+/g, ' ').trim() })
  return found
}

/** `# escape=` among the directives at the top. */
const escapeCharacter = (physical: readonly string[]): string => {
  for (const line of physical) {
    const [, key, value] = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? []
    if (key === undefined) return '\\'
    if (key.toLowerCase() === 'escape' && (value === '`' || value === '\\')) return value
  }
  return '\\'
}
