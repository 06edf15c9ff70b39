import { randomBytes } from 'node:crypto'

/**
 * W3C Trace Context, level 1. The gateway records no span, so a trace that comes goes on as it is; where none comes, one
 * begins here, so that everything a call leads to can be found together.
 */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/

/** Whether a traceparent may go on (§3.2.2): of version 00 exactly, of later ones what they have in common with it. */
export const isTraceparent = (text: string | string[] | undefined): boolean => {
  if (typeof text !== 'string') return false
  const [, version, traceId = '', parentId = '', more] = TRACEPARENT.exec(text) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return false
  return !isZero(traceId) && !isZero(parentId)
}

/**
 * The traceparent of a call that came without. The trace's id is the call's, without its dashes, so that one leads to the
 * other; a call id that is no UUID gets a random one. It says “sampled”, since “not sampled” would switch off the tracing
 * of every function that leaves the choice to whoever called it.
 */
export const beginTrace = (callId: string): string => {
  const traceId = UUID.test(callId) ? callId.replaceAll('-', '') : ''
  const parentId = traceId.slice(16)
  if (traceId === '' || isZero(traceId) || isZero(parentId)) {
    return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
  }
  return `00-${traceId}-${parentId}-01`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const isZero = (hex: string): boolean => /^0+$/.test(hex)
