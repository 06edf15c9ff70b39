import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { DESCRIPTION_ID, isObject, mapValues, toJsonSchema } from './json-schema.ts'

/**
 * GitHub's own description of its API (`@octokit/openapi`), as the judge of what is sent to the stand-in and of what it
 * answers. The document has 13 MB: it is read once per process (0.2 s), and an operation's schemas are compiled when the
 * operation is first called.
 */
export interface Description {
  /** The operation a request means, with its path parameters as text; undefined when GitHub has none such. */
  find(method: string, path: string): { operation: Operation; path: Record<string, string> } | undefined
  /** What of a request does not fit the operation; empty when it all does. Query and path values are coerced in place. */
  requestFaults(operation: Operation, request: { path: object; query: object; body: unknown }): DescriptionFault[]
  /** What of an answer does not fit the operation. */
  responseFaults(operation: Operation, status: number, body: unknown): DescriptionFault[]
  /** A fresh copy of one of the description's examples. */
  example(name: string): Record<string, unknown>
}

export interface Operation {
  id: string
  method: string
  template: string
  segments: readonly string[]
  raw: Record<string, unknown>
}

export interface DescriptionFault {
  field: string
  message: string
}

let loaded: Description | undefined

export const loadDescription = (): Description => {
  loaded ??= createDescription(readDocument())
  return loaded
}

const createDescription = (document: Record<string, unknown>): Description => {
  const schemas = mapValues(at(document, 'components', 'schemas'), toJsonSchema)
  const bodies = ajvWith(schemas, {})
  // What stands in a URL is text: it fits when it can be read as the type.
  const parameters = ajvWith(schemas, { coerceTypes: 'array' })
  const operations = operationsOf(document)
  const compiled = new Map<string, ValidateFunction>()
  const compile = (ajv: Ajv, key: string, schema: () => unknown): ValidateFunction => {
    const known = compiled.get(key)
    if (known) return known
    const validate = ajv.compile(toJsonSchema(schema()) as object) // a schema of the description is an object
    compiled.set(key, validate)
    return validate
  }

  const parameterFaults = (operation: Operation, place: 'path' | 'query', values: object) => {
    const schema = () => parametersSchema(document, operation, place)
    return faultsOf(compile(parameters, `${operation.id} ${place}`, schema), values)
  }

  const bodyFaults = (operation: Operation, body: unknown) => {
    const requestBody = at(operation.raw, 'requestBody')
    const schema = jsonSchemaOf(document, requestBody)
    if (!schema) return body === undefined ? [] : [{ field: '', message: 'this operation takes no body' }]
    if (body === undefined) return requestBody.required ? [{ field: '', message: 'a body is required' }] : []
    return [
      ...faultsOf(
        compile(bodies, `${operation.id} body`, () => schema),
        body,
      ),
      ...unknownKeys(schema, body),
    ]
  }

  return {
    find: (method, path) => find(operations, method, path),
    requestFaults: (operation, { path, query, body }) => [
      ...parameterFaults(operation, 'path', path),
      ...parameterFaults(operation, 'query', query),
      ...bodyFaults(operation, body),
    ],
    responseFaults: (operation, status, body) => {
      const response = resolve(document, at(operation.raw, 'responses')[status])
      if (!isObject(response)) return [{ field: '', message: `${operation.id} never answers ${status}` }]
      const schema = jsonSchemaOf(document, response)
      if (!schema) return body === undefined ? [] : [{ field: '', message: 'this answer has no body' }]
      return faultsOf(
        compile(bodies, `${operation.id} ${status}`, () => schema),
        body,
      )
    },
    example: (name) => structuredClone(at(document, 'components', 'examples', name, 'value')),
  }
}

const readDocument = (): Record<string, unknown> => {
  const path = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json')
  const document: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isObject(document)) throw new Error(`${path} is no OpenAPI document`)
  return document
}

const ajvWith = (schemas: object, options: { coerceTypes?: 'array' }): Ajv => {
  const ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true, logger: false, ...options })
  formats.default(ajv)
  return ajv.addSchema({ components: { schemas } }, DESCRIPTION_ID)
}

const operationsOf = (document: Record<string, unknown>): Operation[] =>
  Object.entries(at(document, 'paths')).flatMap(([template, methods]) =>
    Object.entries(isObject(methods) ? methods : {}).flatMap(([method, raw]) =>
      isObject(raw) && typeof raw.operationId === 'string'
        ? [{ id: raw.operationId, method: method.toUpperCase(), template, segments: template.split('/'), raw }]
        : [],
    ),
  )

const find = (operations: readonly Operation[], method: string, path: string) => {
  const segments = path.split('/')
  const fitting = operations.filter(
    (operation) =>
      operation.method === method &&
      operation.segments.length === segments.length &&
      operation.segments.every((segment, index) => isVariable(segment) || segment === segments[index]),
  )
  // `/app/hook/config` fits `/app/hook/{x}` as well: the one with more fixed segments is meant.
  const fixed = (operation: Operation) => operation.segments.filter((segment) => !isVariable(segment)).length
  const operation = fitting.toSorted((one, other) => fixed(other) - fixed(one))[0]
  if (!operation) return undefined
  const values = operation.segments.flatMap((segment, index) =>
    isVariable(segment) ? [[segment.slice(1, -1), decodeURIComponent(segments[index] ?? '')] as const] : [],
  )
  return { operation, path: Object.fromEntries(values) }
}

const isVariable = (segment: string): boolean => segment.startsWith('{')

const parametersSchema = (document: Record<string, unknown>, operation: Operation, place: 'path' | 'query') => {
  const listed = Array.isArray(operation.raw.parameters) ? operation.raw.parameters : []
  const own = listed.map((parameter) => resolve(document, parameter)).filter(isObject)
  const fitting = own.filter((parameter) => parameter.in === place)
  return {
    type: 'object',
    properties: Object.fromEntries(fitting.map((parameter) => [parameter.name, parameter.schema])),
    required: fitting.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    additionalProperties: false,
  }
}

const jsonSchemaOf = (document: Record<string, unknown>, holder: unknown): Record<string, unknown> | undefined => {
  const resolved = resolve(document, holder)
  const schema = at(isObject(resolved) ? resolved : {}, 'content', 'application/json').schema
  return isObject(schema) ? schema : undefined
}

/** GitHub drops keys that it does not know, or refuses them; here they are always refused: they are spelling mistakes. */
const unknownKeys = (schema: Record<string, unknown>, body: unknown): DescriptionFault[] => {
  const { properties } = schema
  if (!isObject(properties) || !isObject(body)) return []
  return Object.keys(body)
    .filter((key) => !(key in properties))
    .map((field) => ({ field, message: `“${field}” is not a permitted key` }))
}

const resolve = (document: Record<string, unknown>, value: unknown): unknown =>
  isObject(value) && typeof value.$ref === 'string' ? at(document, ...value.$ref.slice(2).split('/')) : value

/** The object at a path of keys, an empty one when there is none. */
const at = (object: Record<string, unknown>, ...keys: readonly string[]): Record<string, unknown> =>
  keys.reduce<Record<string, unknown>>((inner, key) => {
    const next = inner[key]
    return isObject(next) ? next : {}
  }, object)

const faultsOf = (validate: ValidateFunction, value: unknown): DescriptionFault[] =>
  validate(value) ? [] : (validate.errors ?? []).map(faultOf)

const faultOf = (error: ErrorObject): DescriptionFault => {
  const named: unknown = error.params.missingProperty ?? error.params.additionalProperty
  const path = error.instancePath.slice(1).replaceAll('/', '.')
  const field = [path, typeof named === 'string' ? named : ''].filter(Boolean).join('.')
  return { field, message: `${field || 'the value'} ${error.message ?? 'does not fit'}` }
}
