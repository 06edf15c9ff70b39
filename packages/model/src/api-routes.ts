import { z } from 'zod'
import { NewAllowedTenant } from './api.ts'
import { type ApiRoute, json, NOTHING } from './api-route.ts'
import { auditRoutes } from './api-routes-audit.ts'
import { buildRoutes } from './api-routes-builds.ts'
import { functionRoutes } from './api-routes-functions.ts'
import { operatorRoutes } from './api-routes-operators.ts'
import { repositoryRoutes } from './api-routes-repositories.ts'
import { tenantRoutes } from './api-routes-tenants.ts'
import { DomainName } from './domain-name.ts'
import { RevisionId } from './ids.ts'
import { FunctionName, RepositoryName, TenantSlug } from './names.ts'
import { SecretName } from './secret.ts'

const documentRoutes = {
  showDocument: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document; 304 to who has it already',
    for: 'anybody',
    headers: z.object({ 'if-none-match': z.string().optional() }),
    answers: { 200: json(z.looseObject({ openapi: z.string() })), 304: NOTHING },
  },
} as const satisfies Record<string, ApiRoute>

/** Every route of `/api/v1`, by what it is called in programs and by its subject; a test holds the controllers against it. */
export const API_ROUTES = {
  functions: functionRoutes,
  repositories: repositoryRoutes,
  builds: buildRoutes,
  tenant: tenantRoutes,
  audit: auditRoutes,
  operators: operatorRoutes,
  document: documentRoutes,
} as const satisfies Record<string, Record<string, ApiRoute>>

/** What stands in paths; `id` is the route's own. */
export const PATH_PARAMETERS: Readonly<Record<string, z.ZodType>> = {
  tenant: TenantSlug,
  function: FunctionName,
  repository: RepositoryName,
  revision: RevisionId,
  domain: DomainName,
  secret: SecretName,
  forge: NewAllowedTenant.shape.forge,
}
