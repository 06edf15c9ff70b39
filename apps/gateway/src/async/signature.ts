import { createHmac } from 'node:crypto'

/**
 * What a callback's receiver can check: `t=<seconds since 1970>,v1=<hex>`, the HMAC-SHA256 by the tenant's callback key
 * over the time, a dot and the body's bytes. The time inside lets a receiver refuse what was recorded and sent again.
 */
export const signatureOf = (body: Buffer, key: string, nowMs: number): string => {
  const seconds = Math.floor(nowMs / 1_000)
  const mac = createHmac('sha256', key).update(`${seconds}.`).update(body).digest('hex')
  return `t=${seconds},v1=${mac}`
}
