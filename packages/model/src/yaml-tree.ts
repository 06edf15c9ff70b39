import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml'
import type { Fault, Place } from './errors.ts'
import { plain, quote } from './quote.ts'
import { type YamlDocument, yamlDocument } from './yaml-document.ts'

/** A number or truth value as YAML reads it, and as it was written: `1.10` and `0755` stay what they are as text. */
export class YamlLiteral {
  readonly value: number | boolean
  readonly source: string

  constructor(value: number | boolean, source: string) {
    this.value = value
    this.source = source
  }
}

/** What a YAML file says, as plain data. Maps have no prototype, and no key of theirs is `__proto__`. */
export type YamlValue = string | null | YamlLiteral | YamlValue[] | YamlMap
export interface YamlMap {
  [key: string]: YamlValue
}

export const isYamlMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof YamlLiteral)

export type Path = readonly (string | number)[]

export interface YamlTree {
  value: YamlValue
  /** Where the key (or list item) at the path stands; where its nearest parent stands when the path leads nowhere. */
  placeOf: (path: Path) => Place & { line: number; column: number }
  /** What stands at the path, undefined when it leads nowhere. */
  at: (path: Path) => YamlValue | undefined
  /** The keys of the map at the path, in file order. */
  keysOf: (path: Path) => string[]
  /** What was refused; the value has nothing of it, and can be looked at for more. */
  faults: Fault[]
  warnings: Fault[]
}

export interface YamlRefusal {
  value?: undefined
  faults: Fault[]
}

export interface YamlTreeOptions {
  /** The file's name in the repository, for the places. */
  file: string
  /** What becomes of every text value; keys are structure, and stay as they are. */
  expand?: (text: string) => { text: string; warning?: string | undefined; problem?: string | undefined }
}

/**
 * Reads a tenant's YAML as data with places. Broken syntax and several documents give faults alone. Refused within a
 * document, each at its place: aliases, anchors, merge keys, tags, keys that stand twice, keys that are no text, NUL and
 * lone surrogates (which neither a process's environment nor the database can hold).
 */
export const yamlTree = (text: string, options: YamlTreeOptions): YamlTree | YamlRefusal => {
  const read = yamlDocument(text, options.file)
  if ('faults' in read) return { faults: read.faults }
  const walk: Walk = { ...read, expand: options.expand ?? ((written) => ({ text: written })), faults: [], warnings: [] }
  const root = branch(read.document.contents, [], 0, walk)
  return { value: root.value, ...lookups(root), faults: walk.faults, warnings: walk.warnings }
}

export const inFileOrder = (faults: readonly Fault[]): Fault[] =>
  faults.toSorted(
    (one, other) =>
      (one.place?.line ?? 0) - (other.place?.line ?? 0) || (one.place?.column ?? 0) - (other.place?.column ?? 0),
  )

/** `functions.hello.secrets.0`, fit to be shown. */
export const dotted = (path: Path): string => path.map((part) => plain(String(part))).join('.')

interface Branch {
  value: YamlValue
  place: Place & { line: number; column: number }
  children?: Map<string | number, Branch>
}

interface Walk extends YamlDocument {
  expand: NonNullable<YamlTreeOptions['expand']>
  faults: Fault[]
  warnings: Fault[]
}

const lookups = (root: Branch): Pick<YamlTree, 'placeOf' | 'at' | 'keysOf'> => {
  const find = (path: Path): { branch: Branch; isFound: boolean } => {
    let branch = root
    for (const part of path) {
      const child = branch.children?.get(part)
      if (!child) return { branch, isFound: false }
      branch = child
    }
    return { branch, isFound: true }
  }
  const at = (path: Path) => {
    const { branch, isFound } = find(path)
    return isFound ? branch.value : undefined
  }
  return {
    at,
    placeOf: (path) => ({ ...find(path).branch.place, ...(path.length > 0 && { key: dotted(path) }) }),
    keysOf: (path) => {
      const value = at(path)
      return isYamlMap(value) ? Object.keys(value) : []
    },
  }
}

/** `offset` is where the key stands that leads here. The nesting is bounded by `yamlDocument`. */
const branch = (node: Node | null | undefined, path: Path, offset: number, walk: Walk): Branch => {
  const leaf = (value: YamlValue): Branch => ({ value, place: walk.placeAt(offset) })
  if (!node) return leaf(null)
  refuseReferences(node, path, offset, walk)
  if (isScalar(node)) return leaf(scalarValue(node, path, offset, walk))
  if (isSeq<Node>(node)) {
    const items = node.items.map((item, index) => branch(item, [...path, index], item.range?.[0] ?? offset, walk))
    return { ...leaf(items.map((item) => item.value)), children: new Map(items.entries()) }
  }
  if (isMap<Node, Node | null>(node)) return { ...leaf(null), ...mapBranch(node.items, path, offset, walk) }
  return leaf(null)
}

const mapBranch = (pairs: readonly Pair<Node, Node | null>[], path: Path, offset: number, walk: Walk) => {
  const children = new Map<string, Branch>()
  const value: YamlMap = Object.create(null)
  for (const { key, value: node } of pairs) {
    const keyOffset = key.range?.[0] ?? offset
    const name = keyText(key)
    const refusal = name === undefined ? 'has a key that is no text' : KEYS_REFUSED[name]
    if (name === undefined || refusal) {
      addFault(walk, keyOffset, name === undefined ? path : [...path, name], refusal ?? '')
      continue
    }
    const first = children.get(name)
    if (first) {
      const lines = `on line ${first.place.line} and on line ${walk.placeAt(keyOffset).line}`
      addFault(walk, keyOffset, [...path, name], `stands twice, ${lines}: keep one of them, or give one another name`)
      continue
    }
    const child = branch(node, [...path, name], keyOffset, walk)
    children.set(name, child)
    value[name] = child.value
  }
  return { value, children }
}

/** Keys are text as written: `8080: x` has the key `8080`. */
const keyText = (key: Node): string | undefined => {
  if (!isScalar(key) || key.value === null) return undefined
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

const KEYS_REFUSED: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  ['__proto__']: 'is a name that no key can have',
  '<<': 'is a merge key, which is not read here: write the keys out',
})

const scalarValue = (node: Scalar, path: Path, offset: number, walk: Walk): YamlValue => {
  const { value } = node
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'boolean')
    return new YamlLiteral(value, node.source ?? String(value))
  const { text, warning, problem } = walk.expand(String(value))
  if (problem) addFault(walk, offset, path, problem)
  else if (text.includes('\0')) addFault(walk, offset, path, 'holds a NUL character: take it out')
  else if (!text.isWellFormed()) addFault(walk, offset, path, 'holds half a character (a lone surrogate): take it out')
  if (warning) walk.warnings.push(faultAt(walk, offset, path, warning))
  return text
}

const refuseReferences = (node: Node, path: Path, offset: number, walk: Walk): void => {
  if (isAlias(node)) {
    addFault(
      walk,
      offset,
      path,
      `is the alias ${quote(`*${node.source}`)}, which is not read here: write the value out`,
    )
  } else if (node.anchor) {
    addFault(walk, offset, path, `has the anchor ${quote(`&${node.anchor}`)}, which is not read here: take it away`)
  }
  if (node.tag && !PLAIN_TAGS.has(node.tag)) {
    addFault(walk, offset, path, `has the tag ${quote(node.tag)}, which is not read here: take it away`)
  }
}

const PLAIN_TAGS: ReadonlySet<string> = new Set(['str', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`))

const addFault = (walk: Walk, offset: number, path: Path, message: string): void => {
  walk.faults.push(faultAt(walk, offset, path, message))
}

const faultAt = (walk: Walk, offset: number, path: Path, message: string): Fault => {
  if (path.length === 0) return { message: `the file ${message}`, place: walk.placeAt(offset) }
  return { message: `${dotted(path)} ${message}`, place: { ...walk.placeAt(offset), key: dotted(path) } }
}
