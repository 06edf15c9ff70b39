import { AppError } from '@pushfn/model/errors'
import type { FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'

/**
 * Throws FORBIDDEN unless a page of the console itself sent the request: browsers say so in `Sec-Fetch-Site`, those that
 * do not know it in `Origin`, and no page can write either. Source: Fetch Metadata Request Headers, W3C.
 */
export const requireSameOrigin = (context: ApiContext, request: FastifyRequest): void => {
  const site = request.headers['sec-fetch-site']
  const isOurs =
    site === undefined ? request.headers.origin === new URL(context.config.consoleUrl).origin : site === 'same-origin'
  if (isOurs) return
  throw new AppError('FORBIDDEN', 'a request from another site', {
    hint: 'this request did not come from the console’s own page; programs send “Authorization: Bearer …” instead',
  })
}
