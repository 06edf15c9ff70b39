import { type FoundPackage, tidy } from './found-package.ts'

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1')
const HEADER_BYTES = 32
const MAX_BYTES = 1_048_576

/**
 * The modules that a Go program was linked from, which its linker (1.18 and later) writes into it: behind a header two
 * strings, each after its length as a varint. https://pkg.go.dev/debug/buildinfo
 */
export const readGoModules = (program: Buffer): FoundPackage[] => {
  for (let at = program.indexOf(MAGIC); at >= 0; at = program.indexOf(MAGIC, at + 1)) {
    // Bit 1 of the flags: the strings stand here, and not elsewhere in the program.
    if (((program[at + 15] ?? 0) & 2) === 0) continue
    const version = stringAt(program, at + HEADER_BYTES)
    const modules = version && stringAt(program, version.end)
    if (modules) return [...standardLibrary(version.text), ...modulesIn(modules.text)]
  }
  return []
}

const stringAt = (bytes: Buffer, start: number): { text: string; end: number } | undefined => {
  let length = 0
  let at = start
  for (let shift = 0; ; shift += 7, at++) {
    const byte = bytes[at]
    if (byte === undefined || shift > 21) return undefined
    length |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  const end = at + 1 + length
  return length > MAX_BYTES || end > bytes.length ? undefined : { text: bytes.toString('utf8', at + 1, end), end }
}

const standardLibrary = (version: string): FoundPackage[] => {
  const [, number] = /^go([0-9][0-9a-z.]*)/.exec(version) ?? []
  return number === undefined ? [] : [{ kind: 'golang', name: 'stdlib', version: number }]
}

/** Lines of `dep<tab>path<tab>version<tab>hash`; `=>` names what stands in the place of the one before. */
const modulesIn = (text: string): FoundPackage[] => {
  const found: FoundPackage[] = []
  for (const line of text.split('\n')) {
    const [what, path, number] = line.split('\t')
    const name = tidy(path)
    const version = tidy(number)
    if (what === '=>') found.pop()
    if ((what !== 'dep' && what !== '=>') || !name || !version) continue
    found.push({ kind: 'golang', name, version })
  }
  return found
}
