import type { Fault } from '@pushfn/model/errors'
import { dockerfileLines } from './dockerfile-lines.ts'

export interface DockerfilePolicy {
  /** File as the tenant knows it, for places. */
  file: string
  /** Values that `FROM ${X}` may stand on. */
  buildArgs: Readonly<Record<string, string>>
  /** Images below this name are tenants' (`pushfn.local/`); only those below `ownPrefix` may be built upon. */
  tenantsPrefix: string
  ownPrefix: string
}

/**
 * What a tenant's Dockerfile may not do, with the line of each: choose its frontend (which runs beside the builder), ask
 * for privileges or the host's network, fetch by the builder's own network (`ADD https://…`), or stand on an image of
 * another tenant or of this machine. Everything else runs confined and is the tenant's own business.
 */
export const dockerfileFaults = (content: string, policy: DockerfilePolicy): Fault[] => {
  const faults: Fault[] = []
  const fault = (line: number, message: string) => faults.push({ message, place: { file: policy.file, line } })

  const frontend = frontendLine(content)
  if (frontend)
    fault(frontend, 'a “syntax” directive chooses another frontend, which this cloud does not run: take it away')

  const instructions = dockerfileLines(content)
  const args = new Map(Object.entries(policy.buildArgs))
  const stages = new Set<string>()
  const imageFault = (line: number, written: string) => {
    const problem = imageProblem(written, args, stages, policy)
    if (problem) fault(line, problem)
  }
  // The physical lines once more: what is a here-document's end to one frontend is an instruction to another.
  const physical = content
    .split(/\r?\n/)
    .map((text, index) => ({ line: index + 1, text: text.trim().replace(/\s+/g, ' ') }))
  for (const { line, text } of [...instructions, ...physical]) {
    const [, word = '', rest = ''] = /^(?:ONBUILD )*([A-Za-z]+)(?: (.*))?$/i.exec(text) ?? []
    const keyword = word.toUpperCase()
    const { flags, words } = splitFlags(rest)
    if (keyword === 'ARG') for (const each of words) declare(args, each)
    if (keyword === 'FROM') {
      if (words[0] !== undefined) imageFault(line, words[0])
      if (words[1]?.toUpperCase() === 'AS' && words[2] !== undefined) stages.add(words[2].toLowerCase())
    }
    if (keyword === 'COPY' || keyword === 'ADD') for (const from of valuesOf(flags, 'from')) imageFault(line, from)
    if (keyword === 'ADD') {
      const remote = words.find((source) => /^["[]*([a-z][a-z0-9+.-]*:\/\/|git@|\$)/i.test(source))
      if (remote)
        fault(line, `ADD of ${remote.slice(0, 80)} would be fetched by the builder itself: use RUN with curl or wget`)
    }
    if (keyword === 'RUN') {
      for (const mount of valuesOf(flags, 'mount')) {
        const [, from] = /(?:^|,)\s*"?from=([^,"]+)/i.exec(mount) ?? []
        if (from !== undefined) imageFault(line, from)
      }
      if (valuesOf(flags, 'security').length > 0) fault(line, '--security is not granted to builds: take it away')
      if (valuesOf(flags, 'network').some((network) => network.toLowerCase() !== 'none' && network !== 'default')) {
        fault(line, '--network may be none or default: a build does not get the host’s network')
      }
    }
  }
  return unique(faults)
}

/**
 * The line of a directive that names a frontend, in any of the forms a frontend detector reads: `# syntax=`,
 * `// syntax=`, or a JSON object; behind a byte order mark or a `#!` line too.
 */
const frontendLine = (content: string): number | undefined => {
  const text = content.replace(/^\uFEFF/, '')
  if (/^\s*\{/.test(text)) return 1
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (/^\s*(#|\/\/)\s*syntax\s*=/i.test(line)) return index + 1
    if (!/^\s*(#|\/\/|$)/.test(line)) return undefined
  }
  return undefined
}

/** `--flag=value` and `--flag value` before the words of an instruction. */
const splitFlags = (rest: string): { flags: string[]; words: string[] } => {
  const parts = rest.split(' ').filter((part) => part !== '')
  const end = parts.findIndex((part) => !part.replace(/^["']/, '').startsWith('--'))
  return end < 0 ? { flags: parts, words: [] } : { flags: parts.slice(0, end), words: parts.slice(end) }
}

const valuesOf = (flags: readonly string[], name: string): string[] =>
  flags.flatMap((flag) => {
    const [, value] = new RegExp(`^["']?--${name}["']?=(.*)$`, 'i').exec(flag) ?? []
    return value === undefined ? [] : [value.replace(/^["']|["']$/g, '')]
  })

const declare = (args: Map<string, string>, written: string): void => {
  const at = written.indexOf('=')
  if (at > 0 && !args.has(written.slice(0, at))) {
    args.set(written.slice(0, at), written.slice(at + 1).replace(/^["']|["']$/g, ''))
  }
}

const imageProblem = (
  written: string,
  args: ReadonlyMap<string, string>,
  stages: ReadonlySet<string>,
  policy: DockerfilePolicy,
): string | undefined => {
  const image = expand(written.replace(/["']/g, ''), args).toLowerCase()
  if (image.includes('$'))
    return `${written} cannot be read: give each variable of it an ARG with a default before the first FROM`
  if (image === 'scratch' || /^\d+$/.test(image) || stages.has(image)) return undefined
  if (/^(sha256:)?[0-9a-f]{6,64}$/.test(image))
    return `${written} is an image of this machine by its id: name an image of a registry`
  if (image.startsWith(policy.tenantsPrefix) && !image.startsWith(policy.ownPrefix)) {
    return `${written} is another tenant’s image`
  }
  const [host = ''] = image.split('/')
  const isHost = image.includes('/') && (host.includes('.') || host.includes(':') || host === 'localhost')
  const isInternal = /^(localhost|.*\.localhost|[0-9.]+|\[.*\])(:\d+)?$/.test(host)
  if (isHost && isInternal && !image.startsWith(policy.ownPrefix))
    return `${written} names a registry inside the cloud’s network`
  return undefined
}

/** `$X`, `${X}`, `${X:-default}`, `${X:+other}` as Dockerfiles have them; what has no value is left as it is. */
const expand = (text: string, args: ReadonlyMap<string, string>): string =>
  text.replace(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (whole, bare?: string, braced?: string, sign?: string, other = '') => {
      const value = args.get(bare ?? braced ?? '')
      if (sign === '-') return value || other
      if (sign === '+') return value ? other : ''
      return value ?? whole
    },
  )

const unique = (faults: readonly Fault[]): Fault[] => [
  ...new Map(faults.map((fault) => [`${fault.place?.line} ${fault.message}`, fault])).values(),
]
