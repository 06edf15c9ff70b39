import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common'
import type { ApiRoute } from '@pushfn/model/api-route'
import { API_ROUTES } from '@pushfn/model/api-routes'
import { AppError } from '@pushfn/model/errors'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import type { Caller } from './caller.ts'
import { type Decision, decide } from './policy.ts'

const BASE = '/api/v1'

/** Asks the policy before any route of the REST API runs. One that the list of routes does not have is for nobody. */
@Injectable()
export class PolicyGuard implements CanActivate {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const request = execution.switchToHttp().getRequest<FastifyRequest>()
    const { url = '', method = request.method } = request.routeOptions
    if (!url.startsWith(`${BASE}/`)) return true
    const found = ROUTES.get(shapeOf([method].flat()[0] ?? '', url.slice(BASE.length)))
    if (!found) throw new AppError('INTERNAL', `${request.method} ${url} is not in the list of routes`)
    const { tenant } = request.params as { tenant?: string }
    decided.set(request, { ...(await decide(this.#context, request, found.route, tenant)), action: found.action })
    return true
  }
}

/** Who asks, of a route that is not for anybody. */
export const callerOfRequest = (request: FastifyRequest): Caller => known(decided.get(request)?.caller)

/** The tenant that a request is about, of a route with a tenant in its path. */
export const tenantOfRequest = (request: FastifyRequest): Tenant => known(decided.get(request)?.tenant)

/** What was decided of a request, and what its route is called; undefined for what is not of the REST API. */
export const decisionOf = (request: FastifyRequest): (Decision & { action: string }) | undefined => decided.get(request)

const decided = new WeakMap<FastifyRequest, Decision & { action: string }>()

const known = <Value>(value: Value | undefined): Value => {
  if (value !== undefined) return value
  throw new AppError('INTERNAL', 'the policy was not asked who may use this route')
}

/** Parameters have one name in the list and may have another in a controller. */
const shapeOf = (method: string, path: string): string =>
  `${method === 'HEAD' ? 'GET' : method} ${path.replace(/:\w+|\{\w+\}/g, ':')}`

const ROUTES: ReadonlyMap<string, { route: ApiRoute; action: string }> = new Map(
  Object.values(API_ROUTES)
    .flatMap((routes) => Object.entries<ApiRoute>(routes))
    .map(([action, route]) => [shapeOf(route.method, route.path), { route, action }]),
)
