import { Readable } from 'node:stream'
import { buildPageUrl } from '@pushfn/model/urls'
import type { BuildRow } from '@pushfn/store/build-list'
import type { FastifyReply } from 'fastify'
import type { ApiContext } from '../context.ts'
import { progressLines } from '../git/progress.ts'
import { eventsSoFar } from './build-events.ts'

/**
 * A build's log so far as plain text, the lines that the pusher sees, control characters taken out: safe in a terminal,
 * and in a browser no more than text.
 */
export const sendLog = async (context: ApiContext, build: BuildRow, reply: FastifyReply): Promise<void> => {
  const events = Readable.from(await eventsSoFar(context, build))
  return reply
    .type('text/plain; charset=utf-8')
    .headers({
      'content-disposition': `inline; filename="build-${build.id}.txt"`,
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    })
    .send(Readable.from(progressLines(events, buildPageUrl(context.urls, build.id))))
}
