import { stripVTControlCharacters } from 'node:util'
import type { BuildEvent } from '@pushfn/model/build-event'
import { functionEventText } from '@pushfn/model/function-event-text'

/** A build's events as lines for the pusher's terminal. Tenants' text comes without control characters. */
export async function* progressLines(events: AsyncIterable<BuildEvent>, pageUrl: string): AsyncGenerator<string> {
  let startedAt: number | undefined
  for await (const event of events) {
    startedAt ??= event.at
    const line = progressLine(event, event.at - startedAt, pageUrl)
    if (line !== undefined) yield `${plain(line)}\n`
  }
}

/** The events until there is none for so long; `undefined` says that there is none yet. */
export async function* untilSilent(
  events: AsyncIterable<BuildEvent | undefined>,
  limitMs: number,
): AsyncGenerator<BuildEvent> {
  let heardAt = performance.now()
  for await (const event of events) {
    if (!event) {
      if (performance.now() - heardAt > limitMs) return
      continue
    }
    heardAt = performance.now()
    yield event
  }
}

const progressLine = (event: BuildEvent, sinceStartMs: number, pageUrl: string): string | undefined => {
  switch (event.kind) {
    case 'log':
      return `${event.function ? `${event.function} | ` : ''}${event.level === 'info' ? '' : `${event.level}: `}${event.text}`
    case 'function':
      return functionEventText(event)
    case 'state':
      if (event.state === 'live') return `done in ${seconds(sinceStartMs)}: ${pageUrl}`
      if (event.state === 'failed')
        return `FAILED: ${event.reason ?? 'the build failed'}\nthe version before keeps serving: ${pageUrl}`
      if (event.state === 'superseded' || event.state === 'cancelled' || event.state === 'skipped') {
        return `${event.state}: ${event.reason ?? ''}`
      }
      return undefined
    case 'step':
      return undefined
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

/** A terminal must not obey a tenant: escape sequences and control characters go, line ends and tabs stay. */
const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
