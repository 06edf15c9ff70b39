/**
 * The container contract, kept by every template that serves from Node: listens on 8080, answers `/_/health` and
 * `/_/ready`, and on SIGTERM accepts no more, finishes what it has and exits 0. `read_timeout`, `write_timeout` and
 * `exec_timeout` are Go durations (`10s`, `1m30s`), `max_inflight` bounds requests at a time (429 beyond).
 *
 * `handle(req, res, signal)` answers one request. The signal comes when the caller has gone, or when `exec_timeout` (or
 * else `write_timeout`) is over: then 504 is answered, or the answer cut when it has begun.
 */
import { createServer } from 'node:http'

export const serve = (handle, env = process.env) => {
  const limitMs = durationMs(env.exec_timeout) ?? durationMs(env.write_timeout)
  const maxInflight = Number(env.max_inflight) || Number.POSITIVE_INFINITY
  let isStopping = false
  const inflight = new Set()

  const server = createServer((req, res) => {
    if (req.url === '/_/health') return text(res, 200, 'OK')
    if (req.url === '/_/ready') return isStopping ? text(res, 503, 'stopping') : text(res, 200, 'OK')
    if (inflight.size >= maxInflight) return text(res, 429, `busy: ${inflight.size} requests are under way`)

    const over = new AbortController()
    const timer = limitMs && setTimeout(() => timeOut(res, over, limitMs), limitMs)
    inflight.add(res)
    // What nobody read of the body must still come in: the next request on this connection stands behind it.
    res.once('finish', () => req.unpipe().resume())
    res.once('close', () => {
      clearTimeout(timer)
      inflight.delete(res)
      if (!res.writableFinished) over.abort()
      if (isStopping) setImmediate(() => server.closeIdleConnections())
    })
    Promise.resolve()
      .then(() => handle(req, res, over.signal))
      .catch((err) => {
        console.error(err)
        text(res, 500, 'the function failed: see its log')
      })
  })
  // Longer than any proxy keeps an idle connection, so that it is never we who close one that is about to be used.
  server.keepAliveTimeout = 120_000
  const readMs = durationMs(env.read_timeout)
  if (readMs) server.requestTimeout = readMs

  const stop = () => {
    if (isStopping) return
    isStopping = true
    for (const res of inflight) if (!res.headersSent) res.setHeader('connection', 'close')
    server.close(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  server.listen(Number(env.port) || 8080)
  return server
}

/** Answers a line of text, or cuts the answer when another has begun. */
export const text = (res, status, message) => {
  if (res.headersSent) return res.destroy()
  const body = `${message}\n`
  for (const name of res.getHeaderNames()) if (name !== 'connection') res.removeHeader(name)
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

const timeOut = (res, over, limitMs) => {
  over.abort()
  console.error(`cut after ${limitMs} ms: exec_timeout`)
  text(res, 504, `the function did not answer within ${limitMs} ms`)
}

const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000_001 }

/** `1m30s` or `500ms` as milliseconds; a bare number is seconds, as OpenFaaS's old watchdog had it; undefined for none. */
export const durationMs = (written) => {
  if (!written) return undefined
  if (/^\d+(\.\d+)?$/.test(written)) return Number(written) * 1_000 || undefined
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(written)) {
    console.error(`not a duration, left out: ${JSON.stringify(written)} (write 10s or 1m30s)`)
    return undefined
  }
  const parts = written.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)
  return (
    Math.min(
      2 ** 31 - 1,
      [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS_MS[unit], 0),
    ) || undefined
  )
}
