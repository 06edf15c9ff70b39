/**
 * The context a handler answers through: `context.status(200).headers({…}).succeed(body)`, `context.fail(error)`, a
 * returned value, or the callback; the first of them counts. Objects become JSON, strings HTML as with Express, Buffers
 * bytes, streams are streamed. An error is 500 with its message, and goes to stderr whole.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text } from './serve.mjs'

export const answerer = (res) => {
  let isSettled = false
  const context = new Context((err, value) => (err ? fail(err) : settle(value)))

  const settle = (value) => {
    if (isSettled) return
    isSettled = true
    send(res, context, value === context ? undefined : value).catch((err) => {
      console.error(err)
      text(res, 500, String(err))
    })
  }
  const fail = (err) => {
    console.error(err)
    if (isSettled) return
    isSettled = true
    if (context.statusCode === 200) context.status(500)
    text(res, context.statusCode, String(err))
  }
  return { context, settle, fail, callback: (err, value) => (err ? fail(err) : settle(value)) }
}

class Context {
  constructor(callback) {
    this.statusCode = 200
    this.headerValues = {}
    this.cb = callback
    this.cbCalled = 0
  }
  status(code) {
    if (!code) return this.statusCode
    this.statusCode = Number(code)
    return this
  }
  headers(values) {
    if (!values) return this.headerValues
    this.headerValues = values
    return this
  }
  succeed(value) {
    this.cbCalled++
    this.cb(undefined, value)
  }
  fail(value) {
    this.cbCalled++
    this.cb(value ?? new Error('the function failed'))
  }
}

const send = async (res, context, value) => {
  if (res.destroyed || res.headersSent) return
  const { body, type } = encode(value)
  res.statusCode = context.statusCode
  if (type) res.setHeader('content-type', type)
  for (const [name, header] of Object.entries(context.headerValues)) {
    if (header !== undefined && header !== null) res.setHeader(name, Array.isArray(header) ? header.map(String) : String(header))
  }
  if (body instanceof Readable) return pipeline(body, res)
  const hasBody = res.statusCode !== 204 && res.statusCode !== 304
  if (hasBody) res.setHeader('content-length', Buffer.byteLength(body))
  res.end(hasBody ? body : undefined)
}

const encode = (value) => {
  if (value === undefined || value === null) return { body: '' }
  if (typeof value === 'string') return { body: value, type: 'text/html; charset=utf-8' }
  if (value instanceof Uint8Array) return { body: value, type: 'application/octet-stream' }
  if (value instanceof Readable) return { body: value, type: 'application/octet-stream' }
  if (value instanceof ReadableStream) return { body: Readable.fromWeb(value), type: 'application/octet-stream' }
  return { body: JSON.stringify(value) ?? String(value), type: 'application/json; charset=utf-8' }
}
