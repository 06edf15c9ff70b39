import { setTimeout as sleep } from 'node:timers/promises'
import type { Route } from '@pushfn/model/route'
import { drained, type Side, type Step } from './side.ts'

/**
 * One row of the table: what a caller sends, how the function behaves, and what each must see of the other.
 */
export interface Row {
  name: string
  policy?: Partial<Route['policy']>
  /** Replicas that the function has; 0: it sleeps. */
  replicas?: number
  /** Replicas beside these, at whose address nobody listens. */
  dead?: number
  caller: Step[]
  /** On each connection, or by connection (the last one's for all that follow). It answers `200 ok` unless told. */
  function?: Step[] | Step[][]
  atFunction: 'nothing' | AtFunction
  atCaller: AtCaller
}

export interface AtFunction {
  /** `POST /path body [trailer: value]`, in the order of connections; `…` stands for an end that never came. */
  requests: (string | RegExp)[]
  /** Lines of the first request's head. */
  has?: (string | RegExp)[]
  /** Names of fields that are not in it. */
  hasNot?: string[]
  /** What becomes of its connections. */
  connection?: 'kept' | 'closed'
}

export interface AtCaller {
  /** `200 body [trailer: value]`, `…` for an end that never came; of the gateway's own problems status and title. */
  answers: (string | RegExp)[]
  /** Lines of the last answer's head. */
  has?: (string | RegExp)[]
  hasNot?: string[]
  /** `kept`: another request on the connection is served. `left`: the caller has gone itself. */
  connection: 'kept' | 'closed' | 'left'
}

/** Each row gets a host of its own in its place, of the same length. */
export const HOST = 'row-000.fn.localhost'
/** Another tenant's, whose function must never see anything. */
export const EVES_HOST = 'eve.fn.localhost'

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A request's head, up to and with the empty line. */
export const head = (start: string, ...lines: string[]): string =>
  `${start}${/ HTTP\/[\d.]+$/.test(start) ? '' : ' HTTP/1.1'}\r\nHost: ${HOST}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

export const CHUNKED = 'Transfer-Encoding: chunked'

export const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']

export const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** Goes on once this side has heard it. */
export const hears = (what: RegExp) => (side: Side) => side.until(() => what.test(side.heard))

/** Goes on once the other side has heard it. */
export const otherHears = (what: RegExp) => (side: Side) => side.until(() => what.test(side.other()?.heard ?? ''))

/** A whole head, and nothing of a body. */
export const HEARS_HEAD = hears(/\r\n\r\n/)

export const waits = (ms: number) => () => sleep(ms)

/** Says no more, and goes on listening. */
export const ENDS = ({ socket }: Side): void => void socket.end()

/** Is gone at once, as a process that was killed. */
export const LEAVES = ({ socket }: Side): void => void socket.resetAndDestroy()

/** Says no more and listens no more, in good order. */
export const CLOSES = ({ socket }: Side): void => void socket.destroySoon()

export const STOPS_READING = ({ socket }: Side): void => void socket.pause()

export const READS_ON = ({ socket }: Side): void => void socket.resume()

/** Each byte on its own. */
export const byteByByte =
  (text: string) =>
  async ({ socket }: Side, spell: (text: string) => string) => {
    for (const byte of spell(text)) {
      socket.write(byte, 'latin1')
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

/** So many bytes, as fast as they are taken. */
export const says = (bytes: number) => async (side: Side) => {
  const piece = Buffer.alloc(1_000_000, 'x')
  for (let left = bytes; left > 0 && !side.isClosed; left -= piece.length) {
    if (!side.socket.write(piece.subarray(0, Math.min(left, piece.length)))) await drained(side)
  }
}

/** As much as the gateway and the system take before the other side reads: no more than these bytes. */
export const floods = (belowBytes: number) => async (side: Side) => {
  const piece = Buffer.alloc(65_536, 'x')
  let written = 0
  for (let isTaken = true; isTaken && written < belowBytes; ) {
    isTaken = await Promise.race([
      new Promise<boolean>((done) => side.socket.write(piece, (error) => done(!error))),
      sleep(1_000, false),
    ])
    if (isTaken) written += piece.length
  }
  if (written >= belowBytes) side.complain(`${written} bytes were taken before anybody read them`)
}
