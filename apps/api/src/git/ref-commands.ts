import { Transform, type TransformCallback } from 'node:stream'
import { CommitSha, NO_COMMIT } from '@pushfn/model/ids'
import { cutPacket } from './pkt-line.ts'

/** One line of a push: a ref and the commits it moves from and to. */
export interface RefCommand {
  ref: string
  before: string
  /** Undefined when the ref is deleted. */
  after: CommitSha | undefined
}

const MAX_COMMAND_BYTES = 1_048_576

/**
 * Reads the commands at the head of a `git-receive-pack` request as its bytes pass through, unchanged. `commands` is
 * whole once the flush after them went by.
 */
export class RefCommandReader extends Transform {
  readonly commands: RefCommand[] = []
  #head = Buffer.alloc(0)
  #isDone = false

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      if (!this.#isDone) this.#read(chunk)
      done(null, chunk)
    } catch (err) {
      done(err instanceof Error ? err : new Error(String(err)))
    }
  }

  #read(chunk: Buffer): void {
    this.#head = Buffer.concat([this.#head, chunk])
    if (this.#head.length > MAX_COMMAND_BYTES) throw new Error('a push of too many refs')
    let offset = 0
    for (let packet = cutPacket(this.#head); packet; packet = cutPacket(this.#head.subarray(offset))) {
      offset += packet.bytes
      if (packet.payload === undefined) {
        this.#isDone = true
        this.#head = Buffer.alloc(0)
        return
      }
      const command = parseCommand(packet.payload)
      if (command) this.commands.push(command)
    }
    this.#head = this.#head.subarray(offset)
  }
}

/** `<old> <new> <ref>`, the first one followed by NUL and the client's capabilities. */
const parseCommand = (payload: Buffer): RefCommand | undefined => {
  const [line = ''] = payload.toString('utf8').split('\0')
  const match = /^([0-9a-f]{40}) ([0-9a-f]{40}) (refs\/.+?)\n?$/.exec(line)
  const [, before, after, ref] = match ?? []
  if (!before || !after || !ref) return undefined
  return { ref, before, after: after === NO_COMMIT ? undefined : CommitSha.parse(after) }
}
