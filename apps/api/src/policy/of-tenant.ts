import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { tenantOfRequest } from './policy.guard.ts'

/** The tenant that a route is about, as the policy let the caller have it. */
export const OfTenant = createParamDecorator((_: unknown, execution: ExecutionContext) =>
  tenantOfRequest(execution.switchToHttp().getRequest<FastifyRequest>()),
)
