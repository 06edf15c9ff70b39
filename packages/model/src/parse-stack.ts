import type { z } from 'zod'
import { accessPolicyFrom } from './access-policy-from.ts'
import type { Fault } from './errors.ts'
import { FunctionName, nameProblem } from './names.ts'
import { quote } from './quote.ts'
import { comesRound, scheduleFrom } from './schedule-from.ts'
import type { Stack, StackFunction } from './stack.ts'
import { type FunctionEntry, StackFile } from './stack-file.ts'
import { stackWarnings } from './stack-warnings.ts'
import { substitute } from './substitute.ts'
import { dotted, inFileOrder, isYamlMap, type Path, type YamlTree, yamlTree } from './yaml-tree.ts'

export interface ParseStackOptions {
  /** The file's name in the repository: `stack.yml` or `stack.yaml`. */
  file: string
  /** What `${NAME}` may name: a list of the caller's choice, never the process's own environment. */
  env?: Readonly<Record<string, string>>
}

/** Functions that one stack may have. */
export const MAX_FUNCTIONS = 100

/** Faults told at once; more help nobody. */
const MAX_FAULTS = 50

/**
 * Reads stack.yml. Never throws, whatever the text; never runs long, since the text is at most 64 KiB and nothing in it
 * can refer to anything else in it. Gives either the stack, with warnings about what was passed over, or every fault at
 * its place, in file order. Whether templates and folders exist is for whoever has the checkout.
 */
export const parseStack = (
  text: string,
  options: ParseStackOptions,
): { stack: Stack; warnings: Fault[] } | { faults: Fault[] } => {
  const tree = yamlTree(text, { file: options.file, expand: (written) => expanded(written, options.env ?? {}) })
  if (tree.value === undefined) return { faults: inFileOrder(tree.faults) }
  const shape = shapeFaults(tree)
  if (shape.length > 0) return { faults: told(tree, shape) }

  const parsed = StackFile.safeParse(tree.value)
  const issues = parsed.success ? [] : parsed.error.issues
  const faults = told(tree, [...nameFaults(tree), ...issues.map((issue) => issueFault(issue, tree))])
  if (!parsed.success || faults.length > 0) return { faults }

  const functions = Object.entries(parsed.data.functions).map(([name, entry]) =>
    stackFunction(name, entry, parsed.data, tree),
  )
  const contradictions = functions.flatMap((fn) => [
    ...contradictionFaults(fn, tree),
    ...scheduleFaults(fn, tree),
    ...accessFaults(fn, tree),
  ])
  if (contradictions.length > 0) return { faults: told(tree, contradictions) }
  const templates = (parsed.data.configuration?.templates ?? []).map(({ name, source }) => ({
    name,
    ...(source && { source }),
  }))
  return {
    stack: { file: options.file, functions, templates },
    warnings: inFileOrder([...tree.warnings, ...stackWarnings(tree)]),
  }
}

const expanded = (written: string, env: Readonly<Record<string, string>>) => {
  const { text, unset, problem } = substitute(written, env)
  const names = [...new Set(unset)].map((name) => `\${${name}}`).join(', ')
  const warning = names && `names ${quote(names)}, which has no value here and no default: it is read as nothing`
  return { text, problem, ...(warning && { warning }) }
}

/** What makes any further look at the file pointless. */
const shapeFaults = (tree: YamlTree): Fault[] => {
  if (tree.value === null)
    return [faultOf([], 'the file is empty: name at least one function under “functions:”', tree)]
  if (!isYamlMap(tree.value)) return [faultOf([], 'the file must be a map of keys, with “functions:” among them', tree)]
  const { functions } = tree.value
  if (functions === undefined)
    return [faultOf([], 'functions is missing: name at least one function under “functions:”', tree)]
  const count = isYamlMap(functions) ? Object.keys(functions).length : undefined
  if (functions === null || (count === 0 && tree.faults.length === 0)) {
    return [faultOf(['functions'], 'functions is empty: name at least one function under it', tree)]
  }
  if (count === undefined) return [faultOf(['functions'], 'functions must be a map of names and functions', tree)]
  if (count > MAX_FUNCTIONS) {
    return [faultOf(['functions'], `functions has ${count} functions, and may have ${MAX_FUNCTIONS}`, tree)]
  }
  return []
}

const nameFaults = (tree: YamlTree): Fault[] =>
  tree.keysOf(['functions']).flatMap((name) => {
    const problem = nameProblem('the function name', name)
    return problem ? [faultOf(['functions', name], problem, tree)] : []
  })

const issueFault = (issue: z.core.$ZodIssue, tree: YamlTree): Fault => {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  return faultOf(path, path.length > 0 ? `${dotted(path)} ${issue.message}` : issue.message, tree)
}

const faultOf = (path: Path, message: string, tree: YamlTree): Fault => ({ message, place: tree.placeOf(path) })

const stackFunction = (name: string, entry: FunctionEntry, file: StackFile, tree: YamlTree): StackFunction => {
  const path = ['functions', name]
  const lang = entry.lang ?? ''
  return {
    name: FunctionName.parse(name),
    lang: lang.toLowerCase() === 'dockerfile' ? 'dockerfile' : lang,
    handler: entry.handler ?? '',
    ...(entry.image && { image: entry.image }),
    ...(entry.fprocess && { fprocess: entry.fprocess }),
    environment: entry.environment ?? {},
    environmentFiles: entry.environment_file ?? [],
    buildArgs: entry.build_args ?? {},
    buildOptions: entry.build_options ?? [],
    copy: [...(file.configuration?.copy ?? []), ...(entry.copy ?? [])],
    secrets: [...new Set(entry.secrets ?? [])],
    labels: entry.labels ?? {},
    annotations: entry.annotations ?? {},
    limits: resources(entry.limits),
    requests: resources(entry.requests),
    constraints: entry.constraints ?? [],
    ...(typeof entry.readonly_root_filesystem === 'boolean' && { isRootReadOnly: entry.readonly_root_filesystem }),
    skipBuild: entry.skip_build ?? false,
    place: lineAndColumn(tree, path),
    places: Object.fromEntries(tree.keysOf(path).map((key) => [key, lineAndColumn(tree, [...path, key])])),
  }
}

const resources = (written: FunctionEntry['limits']): StackFunction['limits'] => ({
  ...(typeof written?.memory === 'number' && { memoryMiB: written.memory }),
  ...(typeof written?.cpu === 'number' && { cpuMillis: written.cpu }),
})

const lineAndColumn = (tree: YamlTree, path: Path) => {
  const { line, column } = tree.placeOf(path)
  return { line, column }
}

const scheduleFaults = ({ name, annotations }: StackFunction, tree: YamlTree): Fault[] => {
  const found = scheduleFrom(annotations)
  const fault = (key: string, problem: string): Fault[] => {
    const path = ['functions', name, 'annotations', key]
    return [faultOf(path, `${dotted(path)} ${problem}`, tree)]
  }
  if ('problem' in found) return fault(found.key, found.problem)
  const { schedule } = found
  return schedule && !comesRound(schedule) ? fault('schedule', 'never comes round: no year has such a day') : []
}

const contradictionFaults = ({ name, limits, requests }: StackFunction, tree: YamlTree): Fault[] => {
  const faults: Fault[] = []
  const tell = (key: string) => {
    const path = ['functions', name, 'requests', key]
    faults.push(faultOf(path, `${dotted(path)} must be at most functions.${name}.limits.${key}`, tree))
  }
  if ((requests.memoryMiB ?? 0) > (limits.memoryMiB ?? Number.POSITIVE_INFINITY)) tell('memory')
  if ((requests.cpuMillis ?? 0) > (limits.cpuMillis ?? Number.POSITIVE_INFINITY)) tell('cpu')
  return faults
}

/** Annotations that close something: a wrong one is no warning. */
const accessFaults = ({ name, annotations }: StackFunction, tree: YamlTree): Fault[] =>
  accessPolicyFrom(annotations).problems.map(({ key, message }) => {
    const path = ['functions', name, 'annotations', key]
    return faultOf(path, `${dotted(path)} ${message}`, tree)
  })

/** All faults in file order; of a key that was refused already nothing more is said. */
const told = (tree: YamlTree, found: readonly Fault[]): Fault[] => {
  const refused = new Set(tree.faults.map((fault) => fault.place?.key))
  const faults = inFileOrder([...tree.faults, ...found.filter((fault) => !refused.has(fault.place?.key))])
  const more = faults.length - MAX_FAULTS
  if (more <= 0) return faults
  const place = faults[MAX_FAULTS]?.place
  return [...faults.slice(0, MAX_FAULTS), { message: `and ${more} more from here on`, ...(place && { place }) }]
}
