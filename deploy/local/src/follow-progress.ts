import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/**
 * Waits for the end of what the engine does (pull, import, build) and returns the lines of text it sent. Throws with its
 * reason and the last lines when it failed: the engine answers 200 first and tells of a failure in its stream.
 */
export const followProgress = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let said = ''
  // dockerode hands out Node's own readable streams.
  for (const line of (await text(stream as Readable)).split('\n')) {
    const event: unknown = line.trim() === '' ? {} : JSON.parse(line)
    if (typeof event !== 'object' || event === null) continue
    if ('stream' in event && typeof event.stream === 'string') said += event.stream
    if ('error' in event) throw new Error(`${event.error}\n${said.split('\n').slice(-15).join('\n')}`.trim())
  }
  return said
}
