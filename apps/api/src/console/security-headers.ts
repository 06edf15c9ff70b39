import type { FastifyReply, FastifyRequest } from 'fastify'

/** What the console's page may load and do: its own files, its own API, nothing inline, in nobody's frame. */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** What holds for every answer of the api; the console's page loosens the policy to the one above. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const HSTS = { 'strict-transport-security': 'max-age=31536000' }

/** To be set before any route runs, so that errors have them too; a route may set its own over them. */
export const securityHeaders = (consoleUrl: string): ((request: FastifyRequest, reply: FastifyReply) => void) => {
  const headers = consoleUrl.startsWith('https:') ? { ...HEADERS, ...HSTS } : HEADERS
  return (request, reply) => {
    reply.headers(headers)
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  }
}
