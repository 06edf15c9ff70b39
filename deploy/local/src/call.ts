import { request } from 'node:http'

export interface Answer {
  status: number
  body: string
}

export interface CallOptions {
  method?: string
  /** Sent as bearer token. */
  token?: string
  /** Sent as JSON. */
  body?: unknown
  timeoutMs: number
}

/**
 * One HTTP request to a `*.localhost` URL of this machine. It goes to 127.0.0.1 with the URL's host as header: a bare
 * Debian resolves no names under localhost, other than browsers, curl and git, which do it by themselves.
 */
export const call = (url: string, { method = 'GET', token, body, timeoutMs }: CallOptions): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { host, port, pathname, search } = new URL(url)
    const headers: Record<string, string> = { host }
    if (token) headers.authorization = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const options = { host: '127.0.0.1', port, path: pathname + search, method, headers, agent: false as const }
    const req = request({ ...options, signal: AbortSignal.timeout(timeoutMs) }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      res.once('end', () => resolve({ status: res.statusCode ?? 0, body: text }))
      res.once('error', reject)
    })
    req.once('error', reject)
    req.end(body === undefined ? undefined : JSON.stringify(body))
  })
