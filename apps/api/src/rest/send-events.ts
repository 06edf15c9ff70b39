import { Readable } from 'node:stream'
import { isTerminal } from '@pushfn/model/build-state'
import type { BuildRow } from '@pushfn/store/build-list'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { eventsSoFar, followEvents, isBehind } from './build-events.ts'
import type { StreamSlots } from './stream-slots.ts'

const EVENT_ID = /^\d{1,9}-\d{1,9}$/
const RETRY_MS = 2_000

/**
 * A build's events as server-sent events, from its beginning or behind `Last-Event-ID`, until it ends. When there is
 * nothing more to come the answer is 204, which tells a browser not to ask again. Source: HTML §9.2.
 */
export const sendEvents = async (
  context: ApiContext,
  build: BuildRow,
  {
    request,
    reply,
    slots,
    stop,
  }: { request: FastifyRequest; reply: FastifyReply; slots: StreamSlots; stop: AbortSignal },
): Promise<void> => {
  const after = lastEventId(request)
  if (after !== undefined && isTerminal(build.state)) {
    const last = (await eventsSoFar(context, build)).at(-1)
    if (!last || !isBehind(last.id, after)) return reply.code(204).send()
  }
  const slot = slots.take(build.push.repository.tenantId)
  const gone = new AbortController()
  reply.raw.on('close', () => {
    slot[Symbol.dispose]()
    gone.abort()
  })
  const signal = AbortSignal.any([gone.signal, stop])
  return (
    reply
      .type('text/event-stream; charset=utf-8')
      // A proxy that collects the answer before passing it on would make live a thing of the past.
      .headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
      .send(Readable.from(messages(context, build, { after, signal })))
  )
}

async function* messages(
  context: ApiContext,
  build: BuildRow,
  options: { after: string | undefined; signal: AbortSignal },
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`
  try {
    for await (const event of followEvents(context, build, options)) {
      yield event ? `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n` : ':\n\n'
    }
  } catch (err) {
    // The answer has begun: it ends here, and the browser comes back for the rest.
    context.log.warn({ err, build: build.id }, 'a live stream broke off')
  }
}

const lastEventId = (request: FastifyRequest): string | undefined => {
  const id = request.headers['last-event-id']
  return typeof id === 'string' && EVENT_ID.test(id) ? id : undefined
}
