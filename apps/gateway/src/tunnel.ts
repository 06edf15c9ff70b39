import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface Tunnel {
  caller: Socket
  function: Duplex
  /** What the caller sent right behind its request. */
  callerHead: Buffer | undefined
  /** Headers of the 101, flat. */
  answer: readonly string[]
  /** Both directions quiet for so long, and both ends are closed. */
  idleTimeoutMs: number
  onClosed(): void
}

/** Says 101 to the caller and joins the two sockets until one of them closes; from here on it is no HTTP any more. */
export const joinTunnel = (tunnel: Tunnel): void => {
  const { caller, function: upstream } = tunnel
  let head = 'HTTP/1.1 101 Switching Protocols\r\n'
  for (let i = 0; i + 1 < tunnel.answer.length; i += 2) head += `${tunnel.answer[i]}: ${tunnel.answer[i + 1]}\r\n`
  caller.write(`${head}\r\n`, 'latin1')
  if (tunnel.callerHead && tunnel.callerHead.length > 0) upstream.write(tunnel.callerHead)

  // Every byte passes both sockets, so that the caller's clock alone knows when both directions are quiet.
  caller.setTimeout(tunnel.idleTimeoutMs, () => caller.destroy())
  caller.setNoDelay(true)
  caller.on('error', ignore).on('close', () => closeSoon(upstream))
  upstream.on('error', ignore).on('close', () => caller.destroySoon())
  upstream.once('close', tunnel.onClosed)
  caller.pipe(upstream)
  upstream.pipe(caller)
}

/** What is still on its way is written first; a peer that never takes it runs into the idle time-out. */
const closeSoon = (stream: Duplex): void => {
  if (stream instanceof Socket) stream.destroySoon()
  else stream.destroy()
}

/** A socket's error is followed by its close, which is handled. */
const ignore = (): void => undefined
