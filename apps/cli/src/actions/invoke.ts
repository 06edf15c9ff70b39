import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { findFunction } from '../cloud/find-function.ts'
import { send } from '../cloud/send.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { plain } from '../show/plain.ts'

interface InvokeOptions {
  data?: string | undefined
  method?: string | undefined
  header?: string[] | undefined
  path?: string | undefined
  async?: true | undefined
  auth?: true | undefined
  include?: true | undefined
}

/** Calls a function as any caller does, at its URL. Its answer goes to stdout as it comes, byte by byte. */
export const invoke = async (context: Context, name: string, options: InvokeOptions): Promise<void> => {
  const { cloud, found } = await findFunction(context, name)
  const body = await bodyFrom(context, options.data)
  const headers = {
    ...headersFrom(options.header ?? []),
    ...(options.auth && { authorization: `Bearer ${cloud.token}` }),
  }
  const answer = await send(addressOf(found.url, options), {
    method: options.method ?? (body === undefined && !options.async ? 'GET' : 'POST'),
    headers,
    ...(body !== undefined && { body }),
    signal: context.signal,
  })
  const status = answer.statusCode ?? 0
  if (context.options.json) await writeJson(answer, status)
  else {
    if (options.include) process.stdout.write(`${headText(answer)}\n\n`)
    await pipeline(answer, process.stdout, { end: false })
    if (options.async && status === 202) process.stderr.write(`stored as call ${String(answer.headers['x-call-id'])}\n`)
  }
  if (status >= 400) {
    throw new Failure('refused', `${name} answered ${status}`, {
      status,
      ...(status === 401 && !options.auth && { hint: 'it may want a token: --auth sends yours' }),
    })
  }
}

/** `/hello` on the tenant's host is `/async-function/hello` there. */
const addressOf = (functionUrl: string, { path = '', async: isAsync }: InvokeOptions): string => {
  const url = new URL(functionUrl)
  const base = `${url.origin}${isAsync ? '/async-function' : ''}${url.pathname}`
  const called = URL.parse(path === '' || /^[/?]/.test(path) ? `${base}${path}` : `${base}/${path}`)
  // With “..” it would be another function.
  if (
    called &&
    (called.pathname === new URL(base).pathname || called.pathname.startsWith(`${new URL(base).pathname}/`))
  ) {
    return called.href
  }
  throw new Failure('usage', 'the path leaves the function', { hint: 'it is what follows the function’s URL' })
}

const bodyFrom = async ({ folder }: Context, data: string | undefined): Promise<Buffer | string | undefined> => {
  if (data === '-' || data === '@-') return buffer(process.stdin)
  if (data?.startsWith('@')) {
    return readFile(resolve(folder, data.slice(1))).catch((cause: unknown) => {
      throw new Failure('usage', `${data.slice(1)} cannot be read`, { cause })
    })
  }
  return data
}

const headersFrom = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([^\r\n]*)$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw new Failure('usage', 'a header is “Name: value”')
      return [name.toLowerCase(), value]
    }),
  )

const headText = (answer: IncomingMessage): string => {
  const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`)
  return plain([`${answer.statusCode} ${answer.statusMessage}`, ...lines].join('\n'))
}

/** An answer has no shape in the API: this is status, headers, and the body as text, or in base64 where it is none. */
const writeJson = async (answer: IncomingMessage, status: number): Promise<void> => {
  const bytes = await buffer(answer)
  const text = bytes.toString('utf8')
  const body = Buffer.from(text).equals(bytes)
    ? { encoding: 'utf8', text }
    : { encoding: 'base64', text: bytes.toString('base64') }
  process.stdout.write(`${JSON.stringify({ status, headers: answer.headers, body }, null, 2)}\n`)
}
