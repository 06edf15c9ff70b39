/**
 * The event a handler gets: `{ body, headers, method, query, path }`. The body is what its content type says: JSON
 * parsed, forms as objects, text as a string, anything else as a Buffer; `{}` when there is none, as with OpenFaaS.
 * RAW_BODY=true leaves every body a Buffer. MAX_JSON_SIZE and MAX_RAW_SIZE bound it (`100kb`, `5mb`; 1 MiB unless told).
 */
const isRaw = process.env.RAW_BODY === 'true'

const UNITS = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

const bytes = (written) => {
  const [, count, unit = 'b'] = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/i.exec(written ?? '') ?? []
  return count === undefined ? 1024 ** 2 : Number(count) * UNITS[unit.toLowerCase()]
}
const maxJsonBytes = bytes(process.env.MAX_JSON_SIZE)
const maxRawBytes = bytes(process.env.MAX_RAW_SIZE)

export const readEvent = async (req) => {
  req.headers['content-type'] ||= 'text/plain'
  const type = req.headers['content-type'].split(';')[0].trim().toLowerCase()
  const isJson = !isRaw && (type === 'application/json' || type.endsWith('+json'))
  const limit = isJson ? maxJsonBytes : maxRawBytes
  const raw = await readAll(req, limit)
  if (!raw) return { refused: { status: 413, message: `the body is larger than ${limit} bytes` } }

  const { pathname, search } = split(req.url)
  const event = { body: {}, headers: req.headers, method: req.method, query: fields(search), path: pathname }
  if (raw.length === 0) return isRaw ? { ...event, body: raw } : event
  try {
    event.body = isRaw ? raw : parse(raw, type, isJson, req.headers['content-type'])
  } catch (err) {
    return { refused: { status: 400, message: `the body is no valid ${type}: ${err.message}` } }
  }
  return event
}

/** All of it, or undefined when it is more than `limit`. */
const readAll = (req, limit) => {
  if (Number(req.headers['content-length']) > limit) return undefined
  return new Promise((resolve, reject) => {
    const chunks = []
    let length = 0
    req.on('data', (chunk) => {
      length += chunk.length
      if (length > limit) resolve(undefined)
      else chunks.push(chunk)
    })
    req.once('end', () => resolve(Buffer.concat(chunks)))
    req.once('error', reject)
  })
}

const split = (url) => {
  const at = url.indexOf('?')
  return at < 0 ? { pathname: url, search: '' } : { pathname: url.slice(0, at), search: url.slice(at + 1) }
}

const parse = (raw, type, isJson, contentType) => {
  if (isJson) return JSON.parse(raw.toString('utf8'))
  if (type === 'application/x-www-form-urlencoded') return fields(raw.toString('utf8'))
  if (!type.startsWith('text/')) return raw
  const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  return new TextDecoder(charset).decode(raw)
}

/** `a=1&b=2&b=3` as `{ a: '1', b: ['2', '3'] }`. */
const fields = (encoded) => {
  const found = {}
  for (const [name, value] of new URLSearchParams(encoded)) {
    if (name === '__proto__') continue
    if (!Object.hasOwn(found, name)) found[name] = value
    else found[name] = [].concat(found[name], value)
  }
  return found
}
