import * as api from '@pushfn/model/api'
import * as canaries from '@pushfn/model/api-canaries'
import * as rebuilds from '@pushfn/model/api-rebuilds'
import * as revisions from '@pushfn/model/api-revisions'
import * as calls from '@pushfn/model/async-call'
import * as events from '@pushfn/model/build-event'
import * as builds from '@pushfn/model/build-state'
import * as rules from '@pushfn/model/canary-rules'
import * as deliveries from '@pushfn/model/delivery'
import * as bases from '@pushfn/model/image-base'
import * as provenance from '@pushfn/model/provenance'
import * as settings from '@pushfn/model/repository-settings'
import { z } from 'zod'

/** A schema of the document, in JSON Schema 2020-12. */
export type JsonSchema = z.core.JSONSchema.BaseSchema
type Named = Readonly<Record<string, JsonSchema>>

/** Schemas that are referred to, by the names that they have in the model. */
const NAMED = z.registry<{ id: string }>()
for (const module of [
  api,
  canaries,
  rebuilds,
  revisions,
  calls,
  events,
  builds,
  rules,
  deliveries,
  bases,
  provenance,
  settings,
]) {
  for (const [id, value] of Object.entries<unknown>(module)) if (value instanceof z.ZodType) NAMED.add(value, { id })
}

const PLACE = '#/components/schemas/'

export interface Shapes {
  /** The schema as an operation has it: a reference where it has a name. */
  refer(schema: z.ZodType, direction: 'input' | 'output'): JsonSchema
  /** What is referred to. One that goes both ways and reads otherwise on its way in is there as `…Input`, too. */
  readonly schemas: Named
}

/** Of what an API takes and what it gives. */
export const shapesOf = (takes: readonly z.ZodType[], gives: readonly z.ZodType[]): Shapes => {
  const input = namedSchemas('input')
  const output = namedSchemas('output')
  const taken = reached(input, takes)
  const given = reached(output, gives)
  const twofold = twofoldOf(
    input,
    output,
    [...taken].filter((name) => given.has(name)),
  )
  const inputName = (name: string) => (twofold.has(name) ? `${name}Input` : name)
  const entries = [
    ...[...given].map((name) => [name, output[name] ?? {}] as const),
    ...[...taken].map((name) => [inputName(name), renamed(input[name] ?? {}, inputName)] as const),
  ]
  return {
    schemas: Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    refer: (schema, direction) => {
      const name = NAMED.get(schema)?.id
      if (name === undefined) return plain(z.toJSONSchema(schema, { io: direction }))
      return { $ref: `${PLACE}${direction === 'input' ? inputName(name) : name}` }
    },
  }
}

/** Also of those that only go the other way, where a transform has nothing to say of what comes out. */
const namedSchemas = (io: 'input' | 'output'): Named => {
  const { schemas } = z.toJSONSchema(NAMED, { io, uri: (id) => `${PLACE}${id}`, unrepresentable: 'any' })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)]))
}

const reached = (all: Named, roots: readonly z.ZodType[]): Set<string> => {
  const names = new Set(roots.flatMap((root) => NAMED.get(root)?.id ?? []))
  // Grows while it is walked.
  for (const name of names) for (const inner of refsOf(all[name])) names.add(inner)
  return names
}

/** Those that read otherwise on their way in, and those that hold one. */
const twofoldOf = (input: Named, output: Named, both: readonly string[]): Set<string> => {
  const twofold = new Set(both.filter((name) => JSON.stringify(input[name]) !== JSON.stringify(output[name])))
  for (let size = -1; size !== twofold.size; ) {
    size = twofold.size
    for (const name of both) if (refsOf(output[name]).some((inner) => twofold.has(inner))) twofold.add(name)
  }
  return twofold
}

const refsOf = (schema: unknown): string[] => {
  const refs: string[] = []
  renamed(schema, (name) => {
    refs.push(name)
    return name
  })
  return refs
}

const renamed = <Schema>(schema: Schema, rename: (name: string) => string): Schema =>
  JSON.parse(JSON.stringify(schema), (key, value) =>
    key === '$ref' && typeof value === 'string' ? `${PLACE}${rename(value.slice(PLACE.length))}` : value,
  )

/** The document says once for all which JSON Schema it speaks. */
const plain = ({ $schema: _schema, $id: _id, ...schema }: JsonSchema): JsonSchema => JSON.parse(JSON.stringify(schema))
