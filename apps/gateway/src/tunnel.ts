import type { Socket } from 'node:net'
import type { Connection, PipeUser } from './wire/connection.ts'

export interface TunnelOptions {
  caller: Socket
  function: Connection
  /** What the caller sent right behind its request. */
  callerHead: Buffer | undefined
  /** Headers of the 101, flat. */
  answer: readonly string[]
  /** Both directions quiet for so long, and both ends are closed. */
  idleTimeoutMs: number
  onClosed(): void
}

/** Two sockets joined after a 101, until one of them closes; from here on it is no HTTP any more. */
export class Tunnel implements PipeUser {
  readonly #caller: Socket
  readonly #function: Connection
  readonly #onClosed: () => void

  constructor(options: TunnelOptions) {
    const { caller, function: upstream, answer, callerHead } = options
    this.#caller = caller
    this.#function = upstream
    this.#onClosed = options.onClosed
    let head = 'HTTP/1.1 101 Switching Protocols\r\n'
    for (let i = 0; i + 1 < answer.length; i += 2) head += `${answer[i]}: ${answer[i + 1]}\r\n`
    caller.write(`${head}\r\n`, 'latin1')
    if (callerHead && callerHead.length > 0) upstream.write(callerHead)

    // Every byte passes both sockets, so that the caller's clock alone knows when both directions are quiet.
    upstream.watch(Number.POSITIVE_INFINITY, 'stalled')
    caller.setTimeout(options.idleTimeoutMs, () => caller.destroy())
    caller.setNoDelay(true)
    // A socket's error is followed by its close.
    caller.on('error', () => undefined)
    // What is still on its way to the function is written first; a function that never takes it has as long as the rest.
    caller.on('close', () => {
      upstream.watch(options.idleTimeoutMs, 'stalled')
      upstream.endSoon()
    })
    caller.on('end', () => upstream.endWriting())
    caller.on('drain', () => upstream.resume())
    caller.on('data', (bytes: Buffer) => {
      if (!upstream.write(bytes)) caller.pause()
    })
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    if (!this.#caller.write(Buffer.from(bytes.subarray(from, to)))) this.#function.pause()
  }

  onDrain(): void {
    this.#caller.resume()
  }

  onClosed(): void {
    this.#caller.destroySoon()
    this.#onClosed()
  }
}
