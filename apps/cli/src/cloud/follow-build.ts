import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildRoutes } from '@pushfn/model/api-routes-builds'
import { BuildEvent } from '@pushfn/model/build-event'
import { isTerminal } from '@pushfn/model/build-state'
import { createParser } from 'eventsource-parser'
import { Failure } from '../failure.ts'
import { callApi, openApi } from './call-api.ts'
import type { Cloud } from './cloud.ts'

/** How often a connection that broke is taken up again without a word in between. */
const TRIES = 30
const PAUSE_MS = 1_000

/** A build's events from its beginning to its end, each once, also over connections that break. */
export async function* followBuild(
  cloud: Cloud,
  { tenant, id, signal }: { tenant: string; id: string; signal: AbortSignal },
): AsyncGenerator<BuildEvent> {
  let last: string | undefined
  for (let tries = 1; ; tries++) {
    try {
      const answer = await openApi(cloud, buildRoutes.followBuild, {
        params: { tenant, id },
        headers: last ? { 'last-event-id': last } : {},
        signal,
      })
      for await (const event of eventsOf(answer)) {
        last = event.id
        tries = 0
        yield event
        if (event.kind === 'state' && isTerminal(event.state)) return
      }
      if (answer.statusCode === 204 || (await isOver(cloud, { tenant, id, signal }))) return
    } catch (thrown) {
      if (signal.aborted || !isBroken(thrown) || tries >= TRIES) throw thrown
    }
    if (tries >= TRIES) throw new Failure('away', 'the build cannot be followed any more; it goes on')
    await sleep(PAUSE_MS, undefined, { signal })
  }
}

async function* eventsOf(answer: IncomingMessage): AsyncGenerator<BuildEvent> {
  const arrived: BuildEvent[] = []
  const parser = createParser({
    onEvent: ({ data }) => {
      const event = BuildEvent.safeParse(JSON.parse(data))
      // A newer cloud may say what this program does not know.
      if (event.success) arrived.push(event.data)
    },
  })
  for await (const chunk of answer.setEncoding('utf8')) {
    parser.feed(chunk)
    yield* arrived.splice(0)
  }
}

const isOver = async (cloud: Cloud, { tenant, id, signal }: { tenant: string; id: string; signal: AbortSignal }) =>
  isTerminal((await callApi(cloud, buildRoutes.showBuild, { params: { tenant, id }, signal })).state)

/** Not what the cloud refused, but a connection that ended. */
const isBroken = (thrown: unknown): boolean =>
  !(thrown instanceof Failure) || (thrown.exit === 'away' && thrown.status !== 401)
