import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * What the test functions run. The image's command evaluates `CODE`; the usual code is a server that evaluates what it is
 * sent, so that a test asks its question from inside the sandbox.
 */
export const RUNNER = "new Function('require', process.env.CODE)(require)"

export const PROBE_SERVER = `
  require('node:http').createServer(async (req, res) => {
    let code = ''
    for await (const chunk of req) code += chunk
    if (!code) return res.end('ok')
    try {
      const run = new Function('require', 'return (async () => {' + code + '})()')
      res.end(JSON.stringify({ value: await run(require) ?? null }))
    } catch (error) {
      res.end(JSON.stringify({ error: String(error.code ?? error) }))
    }
  }).listen(8080, '0.0.0.0')`

const PATIENCE_MS = 15_000

/** Waits until the server answers; throws what it last met when it never does. */
export const answers = async (address: string): Promise<string> => {
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(10)) {
    try {
      return await send(address, '')
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

/** Evaluates the code (which may `return` and `await`) inside the replica and returns its value, or throws its error. */
export const inside = async (address: string, code: string): Promise<unknown> => {
  const answer: { value?: unknown; error?: string } = JSON.parse(await send(address, code))
  if (answer.error !== undefined) throw new Error(answer.error)
  return answer.value
}

/** `open`, or the error code with which a TCP connection from inside the replica failed; `timeout` after `ms`. */
export const connects = async (address: string, host: string, port: number, ms = 1500): Promise<unknown> =>
  inside(
    address,
    `return new Promise((resolve) => {
      const socket = require('node:net').connect({ host: ${JSON.stringify(host)}, port: ${port}, timeout: ${ms} })
      socket.on('connect', () => { socket.destroy(); resolve('open') })
      socket.on('timeout', () => { socket.destroy(); resolve('timeout') })
      socket.on('error', (error) => resolve(error.code))
    })`,
  )

const send = async (address: string, code: string): Promise<string> => {
  const [host, port] = address.split(':')
  const req = request({ host, port, method: 'POST', agent: false, timeout: PATIENCE_MS })
  req.on('timeout', () => req.destroy(new Error(`no answer from ${address} in ${PATIENCE_MS} ms`)))
  req.end(code)
  const [res] = await once(req, 'response')
  let text = ''
  for await (const chunk of res) text += chunk
  return text
}

/** Code for `inside`: the replica's default route, read as the kernel shows it: little-endian hex. */
export const DEFAULT_GATEWAY = `
  const [, route] = require('node:fs').readFileSync('/proc/net/route', 'utf8').split('\\n')
  return route.split('\\t')[2].match(/../g).reverse().map((byte) => parseInt(byte, 16)).join('.')`
