import { AppError } from '@pushfn/model/errors'

/** The usual webhook has some ten kilobytes. */
const SMALL_BYTES = 1_048_576
const ROOM_FOR_SMALL_BYTES = 67_108_864
const ROOM_FOR_LARGE_BYTES = 134_217_728

/** A request's share of the room. */
export interface Share extends Disposable {
  /** Throws BUSY when there is no room for as many bytes more. */
  keep(bytes: number): void
}

/**
 * How much of webhooks' bodies the api keeps at one time, until each is answered: whoever sends them, their signature is
 * only known to be right when they are there.
 *
 * Large ones have a room of their own, so that a flood of them leaves the usual pushes theirs. They take their whole share
 * as they come in, or none of many at once would ever be whole; small ones take theirs as it arrives, so that whoever
 * sends none of it holds nothing.
 */
export class BodyRoom {
  readonly #small = { free: ROOM_FOR_SMALL_BYTES }
  readonly #large = { free: ROOM_FOR_LARGE_BYTES }

  /** Of a body of that length, `maxBytes` when it does not say. Throws BUSY when the room is full. */
  enter(contentLength: string | undefined, maxBytes: number): Share {
    const bytes = Math.min(Number(contentLength ?? maxBytes), maxBytes)
    if (bytes <= SMALL_BYTES) return shareOf(this.#small)
    const share = shareOf(this.#large)
    share.keep(bytes)
    return { ...share, keep: () => undefined }
  }
}

const shareOf = (room: { free: number }): Share => {
  let kept = 0
  return {
    keep: (bytes) => {
      if (bytes > room.free) throw busy()
      room.free -= bytes
      kept += bytes
    },
    [Symbol.dispose]: () => {
      room.free += kept
      kept = 0
    },
  }
}

const busy = (): AppError =>
  new AppError('BUSY', 'the room for webhooks is full', { hint: 'too many webhooks at once: send it again' })
