import { z } from 'zod'
import { quote } from './quote.ts'
import { SecretName } from './secret.ts'
import { described, type Read, readText } from './stack-fields.ts'
import { isYamlMap, YamlLiteral } from './yaml-tree.ts'

/** The maps of a stack file whose keys the tenant chooses: environment, build arguments, labels, annotations. */

/** A map whose keys the tenant chooses; every wrong key and value of it is told. */
const textMap = (
  keyProblem: (key: string) => string | undefined,
  valueProblem?: (value: string) => string | undefined,
) =>
  z.unknown().transform((written, ctx): Record<string, string> => {
    if (!isYamlMap(written)) {
      ctx.addIssue({
        code: 'custom',
        message: `must be a map of names and values, but is ${described(written)}`,
        input: written,
      })
      return z.NEVER
    }
    const entries = Object.entries(written).map(([key, value]) => {
      const read = readLooseText(value)
      const problem = keyProblem(key) ?? ('problem' in read ? read.problem : valueProblem?.(read.value))
      if (problem) ctx.addIssue({ code: 'custom', message: problem, path: [key], input: value })
      return [key, 'value' in read ? read.value : ''] as const
    })
    return Object.fromEntries(entries)
  })

/** Values of environment, labels and the like: numbers and truth values become text as written, nothing becomes ''. */
const readLooseText = (value: unknown): Read<string> => {
  if (value === null) return { value: '' }
  if (value instanceof YamlLiteral) return { value: value.source }
  return value === '' ? { value } : readText(value)
}

const variableProblem = (name: string): string | undefined =>
  /^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name)
    ? undefined
    : 'is no name of a variable: letters, digits and “_”, no digit first'

export const variables = textMap(variableProblem)

/** Kubernetes' rules, since every engine can keep them: an optional DNS prefix and a name of at most 63 characters. */
const labelKeyProblem = (key: string): string | undefined => {
  const slash = key.indexOf('/')
  const prefix = slash < 0 ? undefined : key.slice(0, slash)
  const isPrefixRight =
    prefix === undefined || (prefix.length <= 253 && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(prefix))
  return isPrefixRight && LABEL_NAME.test(key.slice(slash + 1))
    ? undefined
    : 'is no name of a label: at most 63 letters, digits, “-”, “_” and “.”, as in com.openfaas.scale.min'
}

const labelValueProblem = (value: string): string | undefined =>
  value === '' || LABEL_NAME.test(value)
    ? undefined
    : `must be at most 63 letters, digits, “-”, “_” and “.”, but is ${quote(value)}: longer texts go under annotations`

const LABEL_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/

export const labels = textMap(labelKeyProblem, labelValueProblem)

export const annotations = textMap(labelKeyProblem)

const secretNameProblem = (name: string): string | undefined =>
  SecretName.safeParse(name).success
    ? undefined
    : 'is no name of a secret: lower-case letters, digits, “-”, “_” and “.”'

/** What a box may have: a value of 12 KiB, and what is around it, a third longer twice. */
const MAX_BOX = 24_576

const boxProblem = (box: string): string | undefined =>
  box.length <= MAX_BOX && /^[A-Za-z0-9+/]+={0,2}$/.test(box)
    ? undefined
    : 'must be a sealed box in base64, of a value of 12 KiB at most'

/** Of a function in `secrets.yml`. */
export const sealedBoxes = textMap(secretNameProblem, boxProblem)
