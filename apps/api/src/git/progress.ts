import { stripVTControlCharacters } from 'node:util'
import type { BuildEvent } from '@pushfn/model/build-event'

/** A build's events as lines for the pusher's terminal. Tenants' text comes without control characters. */
export async function* progressLines(events: AsyncIterable<BuildEvent>, pageUrl: string): AsyncGenerator<string> {
  let startedAt: number | undefined
  for await (const event of events) {
    startedAt ??= event.at
    const line = progressLine(event, event.at - startedAt, pageUrl)
    if (line !== undefined) yield `${plain(line)}\n`
  }
}

const progressLine = (event: BuildEvent, sinceStartMs: number, pageUrl: string): string | undefined => {
  switch (event.kind) {
    case 'log':
      return `${event.function ? `${event.function} | ` : ''}${event.level === 'info' ? '' : `${event.level}: `}${event.text}`
    case 'function':
      return functionLine(event)
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

const functionLine = (event: Extract<BuildEvent, { kind: 'function' }>): string | undefined => {
  const name = event.function
  switch (event.status) {
    case 'building':
      return `building ${name} …`
    case 'built':
      return `built ${name}${event.ms === undefined ? '' : ` in ${seconds(event.ms)}`}`
    case 'reused':
      // That its image is there already is no news while it is not said what becomes of it.
      return event.url && `${name} is unchanged, and live at ${event.url}`
    case 'deploying':
      return `starting ${name} …`
    case 'live':
      return `${name} is live at ${event.url ?? ''}`
    case 'pinned':
      return `${name} stays where it was put by hand`
    case 'staged':
      return `${name} is built, and waits at ${event.url ?? ''}`
    case 'removed':
      return `${name} is removed`
    case 'failed':
      // The reason is the build's as well, which says it last.
      return `${name} failed`
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

/** A terminal must not obey a tenant: escape sequences and control characters go, line ends and tabs stay. */
const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
