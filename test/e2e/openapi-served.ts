import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { request } from 'undici'
import { z } from 'zod'

/** A schema of the document as far as requests are made of it. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  pattern?: string
  format?: string
}

const AnySchema = z.custom<Schema>((value) => typeof value === 'object' && value !== null)
const Media = z.object({ schema: AnySchema, 'x-messages': AnySchema.optional() })
const Answer = z.object({ content: z.record(z.string(), Media).optional() })
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema: AnySchema })),
  requestBody: z.object({ content: z.object({ 'application/json': Media }) }).optional(),
  responses: z.record(z.string(), Answer),
})
const Served = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), AnySchema) }),
})

export type ServedOperation = z.infer<typeof Operation> & { method: string; path: string }

/** The document that a running api serves, and whether something fits a schema of it. */
export interface ServedDocument {
  operations: ServedOperation[]
  resolve(schema: Schema): Schema
  /** What does not fit; undefined: all does. */
  faultOf(schema: Schema, value: unknown): string | undefined
}

const PLACE = '#/components/schemas/'

export const readServedDocument = async (apiUrl: string): Promise<ServedDocument> => {
  const answer = await request(`${apiUrl}/openapi.json`)
  const { paths, components } = Served.parse(await answer.body.json())
  // What OpenAPI says beside JSON Schema is not ajv's matter.
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: false }))
  ajv.addFormat('base64', true)
  ajv.addSchema({ $id: 'pushfn:openapi', components })
  const absolute = (schema: Schema): object =>
    JSON.parse(JSON.stringify(schema).replaceAll(`"$ref":"${PLACE}`, `"$ref":"pushfn:openapi${PLACE}`))
  const fits = new Map<Schema, ReturnType<typeof ajv.compile>>()
  return {
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    ),
    resolve: (schema) => (schema.$ref ? (components.schemas[schema.$ref.slice(PLACE.length)] ?? {}) : schema),
    faultOf: (schema, value) => {
      const check = fits.get(schema) ?? ajv.compile(absolute(schema))
      fits.set(schema, check)
      return check(value) ? undefined : ajv.errorsText(check.errors)
    },
  }
}
