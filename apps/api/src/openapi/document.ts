import { STATUS_CODES } from 'node:http'
import { Problem } from '@pushfn/model/api'
import { type ApiAnswer, type ApiRoute, errorsOf } from '@pushfn/model/api-route'
import { API_ROUTES, PATH_PARAMETERS } from '@pushfn/model/api-routes'
import { ERRORS, type ErrorCode } from '@pushfn/model/errors'
import { z } from 'zod'
import { type JsonSchema, type Shapes, shapesOf } from './shapes.ts'

/** What the REST API is, as OpenAPI 3.1 has it: made of the routes and the schemas that the server itself goes by. */
export const openApiDocument = ({ version, serverUrl }: { version: string; serverUrl: string }) => {
  const operations = Object.entries(API_ROUTES).flatMap(([tag, routes]) =>
    Object.entries<ApiRoute>(routes).map(([operationId, route]) => ({ tag, operationId, route })),
  )
  const routes = operations.map(({ route }) => route)
  const answers = routes.flatMap((route) => Object.values(route.answers))
  const shapes = shapesOf(
    routes.flatMap(({ body, id }) => [...(body ? [body] : []), ...(id ? [id] : [])]),
    [Problem, ...answers.flatMap(({ schema, messages }) => schema ?? messages ?? [])],
  )
  const paths: Record<string, Record<string, object>> = {}
  for (const { tag, operationId, route } of operations) {
    const operation = { operationId, tags: [tag], ...operationOf(route, shapes) }
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Pushfn',
      version,
      summary: 'Everything the console does.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl }],
    security: SECURITY['signed-in'],
    tags: Object.keys(API_ROUTES).map((name) => ({ name })),
    paths,
    components: {
      schemas: shapes.schemas,
      responses: { Failed: problem('Something of the cloud or beyond it did not work: trying again may help', shapes) },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API token of a tenant, or an operator’s' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-pushfn',
          description: 'A session of the console; what changes something must come from its own page',
        },
      },
    },
  }
}

const WHO: Readonly<Record<ApiRoute['for'], string>> = {
  viewer: 'For everybody who has access to the tenant, and operators.',
  developer: 'For developers and owners of the tenant, and operators.',
  owner: 'For owners of the tenant, and operators.',
  operator: 'For operators.',
  'signed-in': 'For anybody signed in.',
  page: 'For the console’s own page.',
  anybody: 'For anybody.',
}

const EITHER = [{ bearer: [] }, { cookie: [] }]
const SECURITY: Readonly<Record<ApiRoute['for'], object[]>> = {
  viewer: EITHER,
  developer: EITHER,
  owner: EITHER,
  'signed-in': EITHER,
  operator: [{ bearer: [] }],
  page: [],
  anybody: [],
}

const operationOf = (route: ApiRoute, shapes: Shapes) => ({
  summary: route.summary,
  description: WHO[route.for],
  security: SECURITY[route.for],
  parameters: [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      schema: shapes.refer(pathParameter(route, name), 'input'),
    })),
    ...parametersOf('query', route.query),
    ...parametersOf('header', route.headers),
  ],
  ...(route.body && {
    requestBody: {
      required: route.isBodyOptional !== true,
      content: { 'application/json': { schema: shapes.refer(route.body, 'input') } },
    },
  }),
  responses: {
    ...Object.fromEntries(
      Object.entries(route.answers).map(([status, answer]) => [status, responseOf(status, answer, shapes)]),
    ),
    ...problemsOf(route, shapes),
    '5XX': { $ref: '#/components/responses/Failed' },
  },
})

const pathParameter = (route: ApiRoute, name: string): z.ZodType => {
  const schema = name === 'id' ? route.id : PATH_PARAMETERS[name]
  if (!schema) throw new Error(`nobody says what {${name}} of ${route.path} is`)
  return schema
}

const parametersOf = (place: 'query' | 'header', of: z.ZodObject | undefined): object[] => {
  if (!of) return []
  const { properties = {}, required = [] } = z.toJSONSchema(of, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema,
  }))
}

const responseOf = (status: string, { type, schema, messages }: ApiAnswer, shapes: Shapes) => {
  const description = STATUS_CODES[status] ?? status
  if (type === undefined) return { description }
  const media: { schema: JsonSchema; 'x-messages'?: JsonSchema } = {
    schema: schema ? shapes.refer(schema, 'output') : { type: 'string' },
    ...(messages && { 'x-messages': shapes.refer(messages, 'output') }),
  }
  return { description, content: { [type]: media } }
}

const problemsOf = (route: ApiRoute, shapes: Shapes): Record<string, object> => {
  const codes = new Map<number, ErrorCode[]>()
  for (const code of errorsOf(route)) codes.set(ERRORS[code].status, [...(codes.get(ERRORS[code].status) ?? []), code])
  return Object.fromEntries([...codes].map(([status, of]) => [status, problem(of.join(', '), shapes)]))
}

const problem = (description: string, shapes: Shapes) => ({
  description,
  content: { 'application/problem+json': { schema: shapes.refer(Problem, 'output') } },
})
