import type { IncomingMessage } from 'node:http'
import { AppError } from '@pushfn/model/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { readBody, throwAway } from '../read-body.ts'
import { BodyRoom, type Share } from './body-room.ts'
import { forgeOfWebhook } from './receive.ts'

/** GitHub's own limit for a webhook: 25 MiB. */
const MAX_BYTES = 26_214_400
/** GitHub itself waits ten seconds for the answer. */
const TIME_MS = 30_000

export const isWebhook = (request: FastifyRequest): boolean => request.url.startsWith('/webhooks/')

/**
 * Decides about a webhook before its body is read: what nobody signed is refused at once, and what there is no room for
 * is to be sent again. Returns what reads the bodies of those that came in; their room is free when they are answered.
 */
export const admitWebhooks = (
  fastify: FastifyInstance,
  context: ApiContext,
): ((request: FastifyRequest, body: IncomingMessage) => Promise<Buffer>) => {
  const room = new BodyRoom()
  const shares = new WeakMap<IncomingMessage, Share>()
  fastify.addHook('onRequest', async (request, reply) => {
    if (!isWebhook(request)) return
    try {
      refuseUnsigned(context, request)
      const share = room.enter(request.headers['content-length'], MAX_BYTES)
      shares.set(request.raw, share)
      reply.raw.once('close', () => share[Symbol.dispose]())
    } catch (thrown) {
      throwAway(request.raw)
      throw thrown
    }
  })
  return (request, body) => {
    const share = shares.get(request.raw)
    return readBody(body, request.headers['content-length'], {
      maxBytes: MAX_BYTES,
      timeMs: TIME_MS,
      keep: (bytes) => share?.keep(bytes),
    })
  }
}

const refuseUnsigned = (context: ApiContext, request: FastifyRequest): void => {
  const { pathname } = new URL(request.url, 'http://api')
  const forge = forgeOfWebhook(context, pathname.slice('/webhooks/'.length))
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)])
  if (forge.isSigned(Object.fromEntries(headers))) return
  const hint = 'the webhook bears no signature: give its sender the secret that this cloud was given'
  throw new AppError('UNAUTHENTICATED', 'a webhook without a signature', { hint })
}
