import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDomainServed } from '@pushfn/store/domains'
import { tenantBySlug } from '@pushfn/store/tenants'
import type { ApiContext } from '../context.ts'

/**
 * Where the edge asks, before it gets a certificate, whether a host is served here: `GET /domains/ask?domain=…`, 200 or 404.
 * On an address of its own, since it answers whoever asks: nobody outside shall try names on it.
 */
export const startAskServer = async (context: ApiContext): Promise<AsyncDisposable & { readonly port: number }> => {
  const { config, log } = context
  const server = createServer(async (req, res) => {
    const answer = (status: number, text: string) =>
      res.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(`${text}\n`)
    const url = new URL(req.url ?? '/', 'http://ask')
    const domain = url.searchParams.get('domain')
    if (url.pathname !== '/domains/ask' || domain === null) return answer(400, 'ask /domains/ask?domain=…')
    try {
      const isServed = await isHostServed(context, domain.slice(0, 300).toLowerCase().replace(/\.$/, ''))
      return isServed ? answer(200, 'served here') : answer(404, 'not served here')
    } catch (err) {
      log.warn({ err }, 'the edge asked for a domain and got no answer')
      return answer(503, 'try again')
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.askPort, config.askHost, resolve)
  })
  return {
    // A server that listens on TCP has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The console, a tenant's own host (not its previews, of which there is no end), or a domain that was proved. */
export const isHostServed = async (context: ApiContext, host: string): Promise<boolean> => {
  const { db, config } = context
  if (host === new URL(config.consoleUrl).hostname) return true
  const suffix = `.${new URL(config.functionsUrl).hostname}`
  if (!host.endsWith(suffix)) return isDomainServed(db, host)
  const tenant = await tenantBySlug(db, host.slice(0, -suffix.length))
  return tenant !== undefined && tenant.suspendedAt === null && tenant.removedAt === null
}
