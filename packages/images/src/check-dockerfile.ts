import type { Fault } from '@pushfn/model/errors'
import { type ArgValues, argValues, declareArgs, expansions } from './dockerfile-args.ts'
import { dockerfileReadings, JOINT, type Reading } from './dockerfile-readings.ts'
import { type Flag, type Instruction, instructionOf, isBeginningOfKeyword } from './dockerfile-words.ts'
import { type ImagePolicy, imageProblem, isImageName } from './image-names.ts'

export interface DockerfilePolicy extends ImagePolicy {
  /** File as the tenant knows it, for places. */
  file: string
  /** All that the build will be told: values that `FROM ${X}` may stand on. */
  buildArgs: Readonly<Record<string, string>>
}

/** An image that the build stands on, and the line that names it. */
export interface BaseImage {
  image: string
  line: number
}

export interface CheckedDockerfile {
  faults: Fault[]
  /** Images that are no stages of the file, by all names they may have. */
  bases: BaseImage[]
}

/** Larger ones are no Dockerfiles, and would keep the builder busy. */
const MAX_CHARACTERS = 64 * 1024

/** The engine is asked about each. */
const MAX_BASES = 200

/**
 * What a tenant's Dockerfile may not do, with the line of each: choose its frontend (which runs beside the builder), ask
 * for privileges or the host's network, fetch by the builder's own network (`ADD https://…`), or stand on an image of
 * another tenant or of this machine. Everything else runs confined and is the tenant's own business.
 *
 * What could be read in two ways in a place that matters is refused: BuildKit's versions do not agree with one another.
 */
export const checkDockerfile = (content: string, policy: DockerfilePolicy): CheckedDockerfile => {
  const found = new Map<number, Fault>()
  const bases = new Map<string, BaseImage>()
  // One to a line: its readings would all say much the same.
  const fault = (line: number, message: string) => {
    if (!found.has(line)) found.set(line, { message, place: { file: policy.file, line } })
  }
  const result = () => ({
    faults: [...found.values()].sort((a, b) => lineOf(a) - lineOf(b)),
    bases: [...bases.values()],
  })

  if (content.length > MAX_CHARACTERS || content.includes(JOINT)) {
    fault(1, content.includes(JOINT) ? 'this is no text' : `a Dockerfile has at most ${MAX_CHARACTERS / 1024} KiB`)
    return result()
  }
  const frontend = frontendLine(content)
  if (frontend)
    fault(frontend, 'a “syntax” directive chooses another frontend, which this cloud does not run: take it away')

  const instructions = dockerfileReadings(content).flatMap((reading) => {
    const instruction = instructionOf(reading.text)
    const problem = instruction && 'problem' in instruction ? instruction.problem : tooLong(reading, instruction)
    if (problem) fault(reading.line, problem)
    return instruction && 'keyword' in instruction ? [{ reading, instruction }] : []
  })
  const values = argValues(policy.buildArgs)
  for (const { reading, instruction } of instructions) {
    const problem = instruction.keyword === 'ARG' && declareArgs(values, instruction.rest)
    if (problem) fault(reading.line, problem)
  }
  const stages = new Set<string>()
  const areStagesSure = isReadInOneWay(content)
  for (const { reading, instruction } of instructions) {
    const problem = flagProblem(instruction) ?? addProblem(instruction)
    if (problem) fault(reading.line, problem)
    for (const image of imagesOf(instruction)) {
      const names = image.hasVariables ? expansions(image.name, values) : [image.name]
      if (!names) fault(reading.line, unreadable(image.name, values))
      for (const name of names ?? []) {
        // No image’s name begins so: an argument was empty.
        if (/^[^A-Za-z0-9[]/.test(name)) continue
        const isStage = stages.has(name.toLowerCase()) || (instruction.keyword !== 'FROM' && /^\d{1,3}$/.test(name))
        if (name === '' || name.toLowerCase() === 'scratch' || (isStage && areStagesSure)) continue
        const imageFault = isStage && !/^[0-9a-f]{12,}$/i.test(name) ? undefined : imageProblem(name, policy)
        if (imageFault) fault(reading.line, imageFault)
        else if (isImageName(name)) bases.set(name, { image: name, line: reading.line })
      }
    }
    if (bases.size > MAX_BASES) {
      fault(reading.line, `more than ${MAX_BASES} images: make several functions of it, or take arguments away`)
      break
    }
    const stage = stageOf(instruction)
    if (stage !== undefined) stages.add(stage)
  }
  return result()
}

const lineOf = (fault: Fault): number => fault.place?.line ?? 0

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

/** No here-document, no line that one BuildKit continues and another does not: then a stage is a stage to all of them. */
const isReadInOneWay = (content: string): boolean => !/<<|\\\\[ \t]*\r?$|`[ \t]*\r?$/m.test(content)

/**
 * Of what goes on for longer than it is read: RUN and COPY are checked at their beginning alone, the others would have to
 * be read whole, and a word may be the first half of an instruction's name.
 */
const tooLong = ({ isCut, text }: Reading, instruction: Instruction | undefined): string | undefined => {
  if (!isCut) return undefined
  const { keyword = '', words = [] } = instruction ?? {}
  const isRead = instruction ? /^(RUN|COPY)$/.test(keyword) && words.length > 1 : !isBeginningOfKeyword(text)
  return isRead ? undefined : 'an instruction goes on for too many lines: make several of it'
}

const flagProblem = ({ flags }: Instruction): string | undefined => {
  for (const { name, value } of flags) {
    if (name === 'security') return '--security is not granted to builds: take it away'
    if (name === 'network' && value !== 'none' && value !== 'default')
      return '--network may be none or default: a build does not get the host’s network'
    const problem = fromProblem(name, value) ?? (name === 'mount' ? mountProblem(value) : undefined)
    if (problem) return problem
  }
  return undefined
}

const fromProblem = (name: string, value: string): string | undefined =>
  name === 'from' && value.includes('$')
    ? `${value} is not filled in here: write FROM ${value} AS a-name, and --from=a-name`
    : undefined

const MOUNT_KEY =
  /^(type|from|source|src|target|dst|destination|readonly|ro|readwrite|rw|id|sharing|required|size|mode|uid|gid|env)$/

const mountProblem = (mount: string): string | undefined => {
  const seen = new Set<string>()
  for (const { name, value } of mountFields(mount)) {
    if (!MOUNT_KEY.test(name)) return `“${name.slice(0, 80)}” is no part of a mount that this cloud knows: take it away`
    if (seen.has(name)) return `a mount has two “${name}”: take one away`
    seen.add(name)
    const problem = fromProblem(name, value)
    if (problem) return problem
  }
  return undefined
}

const mountFields = (mount: string): Flag[] =>
  mount.split(',').map((field) => {
    const [name = '', ...value] = field.split('=')
    return { name: name.toLowerCase(), value: value.join('=') }
  })

/** A path that is one to every BuildKit; a variable only behind its first `/`, where no address can begin any more. */
const LOCAL_SOURCE = /^(?!github\.com\/)[\w.*?@+=,~%-]*(\/[\w.*?@+=,~%${}/-]*)?$/
const HERE_DOCUMENT = /^<<-?(["']?)[A-Za-z_]\w*\1$/

const addProblem = ({ keyword, rest, words }: Instruction): string | undefined => {
  if (keyword !== 'ADD') return undefined
  const all = rest.startsWith('[') ? jsonWords(rest) : words
  if (!all || !/^[\t -~]*$/.test(rest)) return 'ADD must be written on plain lines: in letters, digits and quotes alone'
  const sources = all.length > 1 ? all.slice(0, -1) : all
  const wrong = sources.find((source) => !LOCAL_SOURCE.test(source) && !HERE_DOCUMENT.test(source))
  if (wrong === undefined) return undefined
  return /:\/\/|^git@/.test(wrong)
    ? `ADD of ${wrong.slice(0, 80)} would be fetched by the builder itself: use RUN with curl or wget`
    : `ADD takes plain paths of this folder, as ./name, and not ${wrong.slice(0, 80)}: use COPY, or RUN with curl`
}

const jsonWords = (text: string): string[] | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed.map(String) : undefined
  } catch {
    return undefined
  }
}

interface NamedImage {
  name: string
  hasVariables: boolean
}

const imagesOf = ({ keyword, flags, words }: Instruction): NamedImage[] => {
  if (keyword === 'FROM') return isFrom(words) ? words.slice(0, 1).map((name) => ({ name, hasVariables: true })) : []
  const mounted = flags.filter(({ name }) => name === 'mount').flatMap(({ value }) => mountFields(value))
  return [...flags, ...mounted]
    .filter(({ name, value }) => name === 'from' && !value.includes('$'))
    .map(({ value }) => ({ name: value, hasVariables: false }))
}

/** With other numbers of words no BuildKit takes it: `from x import y` of a script in a here-document. */
const isFrom = (words: readonly string[]): boolean =>
  words.length === 1 || (words.length === 3 && words[1]?.replaceAll(JOINT, '').toUpperCase() === 'AS')

const stageOf = ({ keyword, words: [, as, name = ''] }: Instruction): string | undefined =>
  keyword === 'FROM' && as?.toUpperCase() === 'AS' && /^[a-z][a-z0-9._-]*$/i.test(name) ? name.toLowerCase() : undefined

const unreadable = (written: string, values: ArgValues): string => {
  const shown = written.replaceAll(JOINT, '').slice(0, 120)
  const [, unknown] = /\$\{?([A-Za-z_]\w*)/.exec(written) ?? []
  return unknown !== undefined && !values.has(unknown)
    ? `${shown} cannot be read: give each variable of it an ARG with a default before the first FROM`
    : `${shown} can be read in more than one way: write the image on one line, without quotes, escapes or nested variables`
}
