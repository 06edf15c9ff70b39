/**
 * Serves the folder `function/`: index.html for a folder, 404.html for what is not there, entity tags, ranges.
 *
 * Only what a listing at the start found is served, so that no path can lead out of the folder; names that begin with a
 * dot are left out but for `.well-known`. Tags are made of the content, for a file's time says nothing in an image that
 * is built the same way twice. (Why not a library: sirv tags by time and size, and throws on `Range: bytes=5-2`.)
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { lookup } from './mrmime.mjs'
import { serve, text } from './serve.mjs'

const root = join(import.meta.dirname, 'function')
const isHidden = (path) => path.split('/').some((name) => name.startsWith('.') && name !== '.well-known')

const files = new Map()
for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name)
  const path = `/${relative(root, file)}`
  if (entry.isFile() && !isHidden(path)) files.set(path.normalize(), { file, size: (await stat(file)).size, type: typeOf(path) })
}

function typeOf(path) {
  const type = lookup(path) ?? 'application/octet-stream'
  return /^text\/|[/+](json|xml|javascript)$/.test(type) ? `${type}; charset=utf-8` : type
}

serve(async (req, res) => {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('allow', 'GET, HEAD')
    return text(res, 405, 'a static site answers GET and HEAD')
  }
  const asked = pathOf(req.url)
  if (asked === undefined) return text(res, 400, 'the path is not well encoded')
  const found = files.get(asked) ?? files.get(`${asked.replace(/\/$/, '')}/index.html`) ?? files.get(`${asked}.html`)
  if (found) return send(req, res, 200, found)
  const missing = files.get('/404.html')
  return missing ? send(req, res, 404, missing) : text(res, 404, `there is no ${asked} here`)
})

const pathOf = (url) => {
  try {
    return decodeURIComponent(url.split(/[?#]/, 1)[0]).normalize()
  } catch {
    return undefined
  }
}

const send = async (req, res, status, entry) => {
  const tag = await tagOf(entry)
  res.setHeader('etag', tag)
  res.setHeader('cache-control', 'no-cache')
  res.setHeader('accept-ranges', 'bytes')
  if (status === 200 && matches(req.headers['if-none-match'], tag)) return res.writeHead(304).end()

  const isRangeAsked = status === 200 && req.headers.range && (req.headers['if-range'] ?? tag) === tag
  const range = isRangeAsked ? rangeOf(req.headers.range, entry.size) : undefined
  if (range === 'unsatisfiable') return res.writeHead(416, { 'content-range': `bytes */${entry.size}` }).end()

  const { start, end } = range ?? { start: 0, end: entry.size - 1 }
  if (range) res.setHeader('content-range', `bytes ${start}-${end}/${entry.size}`)
  res.writeHead(range ? 206 : status, { 'content-type': entry.type, 'content-length': end - start + 1 })
  if (req.method === 'HEAD' || entry.size === 0) return res.end()
  await pipeline(createReadStream(entry.file, { start, end }), res).catch((err) => {
    if (err.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw err
  })
}

/** Read once, at the first request for the file. */
const tagOf = (entry) => {
  entry.tag ??= (async () => {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(entry.file)) hash.update(chunk)
    return `"${hash.digest('base64url').slice(0, 27)}"`
  })()
  return entry.tag
}

const matches = (condition, tag) =>
  condition?.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === tag)

/** One range of RFC 9110 §14; undefined (all of it) for what is several ranges or none. */
const rangeOf = (header, size) => {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? []
  if (from === undefined || (from === '' && to === '')) return undefined
  if (from === '') return to === '0' || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(to)), end: size - 1 }
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
