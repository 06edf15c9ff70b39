import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A step is text, written byte for byte, or something that a side does with its connection. */
export type Step = string | ((side: Side, spell: (text: string) => string) => unknown)

/** What one side has at its end of a connection. */
export interface Side {
  readonly socket: Socket
  /** All that came, as single bytes; of a flood the beginning alone. */
  readonly heard: string
  readonly heardBytes: number
  /** The other end has said that it is done. */
  readonly hasEnded: boolean
  readonly isClosed: boolean
  /** The other side, once it has a connection. */
  other(): Side | undefined
  /** Waits for the claim; a connection that closes meanwhile ends the wait, since what was seen tells the rest. */
  until(holds: () => boolean): Promise<void>
  /** Notes what went wrong in the play itself. */
  complain(what: string): void
}

const MOST_KEPT = 4_000_000
const PATIENCE_MS = 20_000

export const openSide = (socket: Socket, of: { other: () => Side | undefined; complaints: string[] }): Side => {
  let heard = ''
  let heardBytes = 0
  const has = { ended: false, closed: false }
  socket.on('data', (data: Buffer) => {
    heardBytes += data.length
    if (heard.length < MOST_KEPT) heard += data.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.on('end', () => {
    has.ended = true
  })
  socket.on('close', () => {
    has.closed = true
  })
  return {
    socket,
    get heard() {
      return heard
    },
    get heardBytes() {
      return heardBytes
    },
    get hasEnded() {
      return has.ended
    },
    get isClosed() {
      return has.closed
    },
    other: of.other,
    complain: (what) => of.complaints.push(what),
    until: async (holds) => {
      const deadline = Date.now() + PATIENCE_MS
      while (!holds() && !has.closed) {
        if (Date.now() > deadline) throw new Error(`waited in vain; heard ${JSON.stringify(heard.slice(0, 500))}`)
        await sleep(5)
      }
    },
  }
}

/** Plays a side's steps, until they are over or its connection is. `spell` puts the row's own names into a text. */
export const playSteps = async (side: Side, steps: readonly Step[], spell: (text: string) => string): Promise<void> => {
  for (const step of steps) {
    if (side.isClosed) return
    if (typeof step === 'function') await step(side, spell)
    else if (!side.socket.write(spell(step), 'latin1')) await drained(side)
  }
}

/** Resolves when more is taken, or never will be. */
export const drained = ({ socket }: Side): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) return resolve()
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
