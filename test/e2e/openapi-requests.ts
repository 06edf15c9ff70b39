import fc from 'fast-check'
import type { ServedDocument, ServedOperation } from './openapi-served.ts'
import { fitting, hostileText, type Known, slightlyWrong } from './openapi-values.ts'

/** A request as it goes out, to be read in a failure. */
export interface FuzzRequest {
  role: 'owner' | 'stranger' | 'operator' | 'nobody'
  path: string
  headers: Record<string, string>
  body: string | undefined
}

/** Segments that no encoder writes. */
const RAW = [
  '..%2f..%2fetc',
  '%00',
  '%ff',
  '%zz',
  '%',
  '..',
  '%2e%2e',
  '%c0%af',
  '"',
  "'",
  '%F0%9F%A6%84',
  '%0d%0a',
  '',
]

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())

/** Requests of one operation, from such as can come through to such as are meant to do harm. */
export const requestsOf = (
  document: ServedDocument,
  operation: ServedOperation,
  known: Known,
): fc.Arbitrary<FuzzRequest> => {
  const right = fc.tuple(...segmentsOf(document, operation, known, 'right'))
  const astray = fc.tuple(...segmentsOf(document, operation, known, 'astray'))
  return fc
    .record({
      role: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom('owner' as const, 'operator' as const) },
        { weight: 2, arbitrary: fc.constantFrom('stranger' as const, 'nobody' as const) },
      ),
      // What is wrong in a body is seen only where the path is right.
      path: fc
        .oneof({ weight: operation.requestBody ? 5 : 2, arbitrary: right }, { weight: 1, arbitrary: astray })
        .map((segments) => segments.join('/')),
      query: queryOf(document, operation, known),
      headers: headersOf(operation),
      content: operation.method === 'GET' ? fc.constant(undefined) : contentOf(document, operation, known),
    })
    .map(({ role, path, query, headers, content }) => ({
      role,
      path: query === '' ? path : `${path}?${query}`,
      headers: { ...headers, ...(content?.type !== undefined && { 'content-type': content.type }) },
      body: content?.body,
    }))
}

/** Of a path in which everything exists, where there is such a thing; or in which something may not. */
const segmentsOf = (
  document: ServedDocument,
  operation: ServedOperation,
  known: Known,
  how: 'right' | 'astray',
): fc.Arbitrary<string>[] =>
  operation.path.split('/').map((segment, n, all) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1]
    if (name === undefined) return fc.constant(segment)
    // An id is of what stands before it.
    const existing = (known[name === 'id' ? (all[n - 1] ?? '') : name] ?? []).map(encoded)
    if (how === 'right' && existing.length > 0) return fc.constantFrom(...existing)
    const parameter = operation.parameters.find((of) => of.in === 'path' && of.name === name)
    return fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('stranger', ...existing) },
      {
        weight: 1,
        arbitrary: fitting(document, parameter?.schema ?? {}, known).map((value) => encoded(String(value))),
      },
      { weight: 1, arbitrary: hostileText.map(encoded) },
      { weight: 1, arbitrary: fc.constantFrom(...RAW) },
    )
  })

const queryOf = (document: ServedDocument, operation: ServedOperation, known: Known): fc.Arbitrary<string> => {
  const ofSchema = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) =>
      fc
        .oneof({ weight: 3, arbitrary: fitting(document, schema, known, name) }, { weight: 1, arbitrary: hostileText })
        .map((value) => `${name}=${encoded(String(value))}`),
    )
  const odd = fc.oneof(
    fc.constantFrom('limit=1&limit=2', 'limit[]=1', 'before', '__proto__=1', '%', '%ff=%ff', '&&&', '?', 'a=%00'),
    hostileText.map((text) => `x=${encoded(text)}`),
  )
  const parts = ofSchema.length > 0 ? fc.oneof({ weight: 4, arbitrary: fc.oneof(...ofSchema) }, odd) : odd
  const none = { weight: ofSchema.length > 0 ? 1 : 5, arbitrary: fc.constant('') }
  return fc.oneof(none, { weight: 2, arbitrary: fc.array(parts, { maxLength: 3 }).map((all) => all.join('&')) })
}

/** Of what a header can hold at all. */
const headersOf = (operation: ServedOperation): fc.Arbitrary<Record<string, string>> => {
  const own = operation.parameters.filter((parameter) => parameter.in === 'header')
  const text = fc.oneof(fc.constantFrom('1-1', '1-7', '9-9', '*', '"x"', '-', '1-1-1'), hostileText)
  const written = text.map((of) => of.replace(/[^\x20-\x7e]/g, '').trim())
  return fc.record(
    {
      'sec-fetch-site': fc.constantFrom('same-origin', 'same-origin', 'cross-site', 'x'),
      'accept-encoding': fc.constantFrom('gzip', 'identity', 'br, *;q=0'),
      ...Object.fromEntries(own.map(({ name }) => [name, written])),
    },
    { requiredKeys: [] },
  )
}

interface Content {
  type: string | undefined
  body: string | undefined
}

const contentOf = (document: ServedDocument, operation: ServedOperation, known: Known): fc.Arbitrary<Content> => {
  const schema = operation.requestBody?.content['application/json'].schema
  const right = schema ? fitting(document, schema, known) : fc.constant(undefined)
  const asJson = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Content> =>
    value.map((of) => ({ type: of === undefined ? undefined : 'application/json', body: JSON.stringify(of) }))
  const broken = fc.constantFrom(
    ...[
      '{',
      '[',
      'nul',
      '"',
      '{"a":}',
      '\u0000',
      '\ufeff{}',
      '{"a":1e999}',
      '1e999',
      '{"__proto__":{"a":1}}',
      '[]',
      '""',
    ],
    ...[
      '['.repeat(20_000),
      `{"name":"${'x'.repeat(300_000)}"}`,
      '{"name":"a","name":1}',
      '{"constructor":{"prototype":1}}',
    ],
  )
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/xml',
    'x',
    'a/b;c=d',
  ]
  return fc.oneof(
    { weight: 10, arbitrary: asJson(right) },
    { weight: 5, arbitrary: asJson(right.chain(slightlyWrong)) },
    { weight: 2, arbitrary: asJson(fc.jsonValue()) },
    { weight: 2, arbitrary: broken.map((body) => ({ type: 'application/json', body })) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constantFrom(...types), body: right.map((value) => JSON.stringify(value)) }),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'application/json', body: undefined }) },
  )
}
