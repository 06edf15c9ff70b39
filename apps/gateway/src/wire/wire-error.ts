/**
 * How a call on a connection can fail. `unreachable`: no connection came about, nothing was sent. `lost`: it closed before
 * the answer was whole. `malformed`: what came is no HTTP/1.1. `no-answer`: none began in time. `stalled`: nothing moved
 * for too long.
 */
export type WireFault = 'unreachable' | 'lost' | 'malformed' | 'no-answer' | 'stalled'

export class WireError extends Error {
  override readonly name = 'WireError'
  readonly fault: WireFault

  constructor(fault: WireFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

export const malformed = (what: string): WireError => new WireError('malformed', what)
