import { API_ROUTES } from '@pushfn/model/api-routes'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { openApiDocument } from './document.ts'

const document = openApiDocument({ version: '1.2.3', serverUrl: 'http://console.localhost:8080/api/v1' })

test('the document is OpenAPI 3.1, and every reference in it leads somewhere', async () => {
  const validator = new Validator()
  // The validator takes its input apart.
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true })
  expect(validator.version).toBe('3.1')
})

test('each route is one operation, by a name of its own', () => {
  const routes = Object.values(API_ROUTES).flatMap((routes) => Object.entries(routes))
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  expect(operations).toHaveLength(routes.length)
  expect(new Set(routes.map(([name]) => name)).size).toBe(routes.length)
})

test('what comes in may leave out what has a default, what goes out has it', () => {
  expect(document.components.schemas.CanaryRulesInput).not.toHaveProperty('required')
  expect(document.components.schemas.CanaryRules?.required).toContain('windowMinutes')
  expect(document.components.schemas.NewCanary).toMatchObject({
    properties: { rules: { $ref: '#/components/schemas/CanaryRulesInput' } },
  })
})

test('no shape says nothing of a part of it', () => {
  const silent: string[] = []
  JSON.stringify(document.components.schemas, (key, value) => {
    if (key === 'default') return undefined
    const isNothing = typeof value === 'object' && value !== null && Object.keys(value).length === 0
    // What else CycloneDX has is its own schema's, and the document does not describe itself.
    if (isNothing && key !== 'additionalProperties' && !Array.isArray(value)) silent.push(key)
    return value
  })
  expect(silent).toEqual([])
})
