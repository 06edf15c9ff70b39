/**
 * OpenAPI 3.0's dialect of a schema as JSON Schema that ajv reads: `nullable` becomes a type, references point into the
 * document registered as `DESCRIPTION_ID`, and words that only documentation reads are dropped.
 */
export const DESCRIPTION_ID = 'github'

type Json = Record<string, unknown>

export const toJsonSchema = (schema: unknown): unknown => {
  if (!isObject(schema)) return schema
  const converted: Json = {}
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key) || key.startsWith('x-')) continue
    converted[key] = convertKeyword(key, value)
  }
  return schema.nullable === true ? nullable(converted) : converted
}

const convertKeyword = (key: string, value: unknown): unknown => {
  if (key === '$ref' && typeof value === 'string') return `${DESCRIPTION_ID}${value}`
  if (key === 'properties' && isObject(value)) return mapValues(value, toJsonSchema)
  if (SCHEMAS.has(key)) return toJsonSchema(value)
  if (SCHEMA_LISTS.has(key) && Array.isArray(value)) return value.map(toJsonSchema)
  return value
}

const nullable = (schema: Json): Json => {
  if (typeof schema.type !== 'string') return { anyOf: [{ type: 'null' }, schema] }
  return {
    ...schema,
    type: [schema.type, 'null'],
    ...(Array.isArray(schema.enum) && !schema.enum.includes(null) && { enum: [...schema.enum, null] }),
  }
}

export const mapValues = (object: Json, map: (value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const DROPPED = new Set(['nullable', 'example', 'examples', 'description', 'title', 'externalDocs', 'discriminator'])
const SCHEMAS = new Set(['items', 'additionalProperties', 'not'])
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf'])
