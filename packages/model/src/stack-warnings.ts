import type { Fault } from './errors.ts'
import { nearest } from './nearest.ts'
import { quote } from './quote.ts'
import { KNOWN_KEYS } from './stack-file.ts'
import { dotted, type Path, type YamlTree } from './yaml-tree.ts'

/** What stands in a valid stack file and is passed over: unknown keys, and keys that mean nothing on this cloud. */
export const stackWarnings = (tree: YamlTree): Fault[] => {
  const warnings: Fault[] = []
  const warn = (path: Path, message: string) =>
    warnings.push({ message: `${dotted(path)} ${message}`, place: tree.placeOf(path) })
  const known = (path: Path, keys: readonly string[]) => {
    for (const key of tree.keysOf(path)) {
      if (keys.includes(key)) continue
      const meant = nearest(key, keys)
      warn([...path, key], `is unknown and passed over${meant ? `: did you mean “${meant}”?` : ''}`)
    }
  }

  known([], KNOWN_KEYS.file)
  known(['provider'], KNOWN_KEYS.provider)
  const provider = tree.at(['provider', 'name'])
  if (typeof provider === 'string' && !PROVIDERS.includes(provider)) {
    warn(['provider', 'name'], `is ${quote(provider)}, not “openfaas” or “pushfn”: it is read as “openfaas”`)
  }
  for (const name of tree.keysOf(['functions'])) {
    const path = ['functions', name]
    known(path, KNOWN_KEYS.function)
    known([...path, 'limits'], KNOWN_KEYS.resources)
    known([...path, 'requests'], KNOWN_KEYS.resources)
    if (tree.at([...path, 'namespace'])) warn([...path, 'namespace'], 'is passed over: every tenant has one namespace')
  }
  known(['configuration'], KNOWN_KEYS.configuration)
  const templates = tree.at(['configuration', 'templates'])
  const count = Array.isArray(templates) ? templates.length : 0
  for (let index = 0; index < count; index++) known(['configuration', 'templates', index], KNOWN_KEYS.template)
  return warnings
}

const PROVIDERS: readonly string[] = ['openfaas', 'pushfn']
