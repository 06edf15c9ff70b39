import { BuildEvent } from '@pushfn/model/build-event'
import { isTerminal } from '@pushfn/model/build-state'
import { useEffect, useState } from 'react'
import { tenantPath } from '../api/queries.ts'
import { type BuildProgress, NOTHING_YET, withEvents } from './build-progress.ts'

export type Connection = 'connecting' | 'live' | 'interrupted' | 'ended'

/** A burst of events is drawn once. */
const DRAW_MS = 50
const RETRY_MS = 3_000

/**
 * A build's events from its beginning until its end, followed live. A connection that broke is taken up again for as long
 * as the page is open; what comes twice by that is counted once.
 */
export const useBuildProgress = (tenant: string, id: string): { progress: BuildProgress; connection: Connection } => {
  const [progress, setProgress] = useState(NOTHING_YET)
  const [connection, setConnection] = useState<Connection>('connecting')

  useEffect(() => {
    let source: EventSource
    let retry: ReturnType<typeof setTimeout> | undefined
    let drawing: ReturnType<typeof setTimeout> | undefined
    let arrived: BuildEvent[] = []

    const draw = () => {
      const events = arrived
      arrived = []
      drawing = undefined
      setProgress((before) => withEvents(before, events))
    }
    const take = ({ data }: MessageEvent<string>) => {
      const event = BuildEvent.safeParse(JSON.parse(data))
      // A newer cloud may say what this page, still open, does not know.
      if (!event.success) return
      arrived.push(event.data)
      if (event.data.kind === 'state' && isTerminal(event.data.state)) {
        clearTimeout(drawing)
        source.close()
        draw()
        setConnection('ended')
        return
      }
      drawing ??= setTimeout(draw, DRAW_MS)
    }
    const open = () => {
      source = new EventSource(tenantPath(tenant, 'builds', id, 'events'))
      source.onopen = () => setConnection('live')
      source.onmessage = take
      source.onerror = () => {
        setConnection('interrupted')
        // The browser goes on by itself unless the answer was an error, as a proxy gives it while the api is away.
        if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS)
      }
    }
    open()
    return () => {
      source.close()
      clearTimeout(retry)
      clearTimeout(drawing)
    }
  }, [tenant, id])

  return { progress, connection }
}
