import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Forge, ForgeDelivery } from '@pushfn/forge/forge'
import { AppError } from '@pushfn/model/errors'

/** A door for webhooks as the api has it, that keeps what a driver made of each. */
export interface Door extends AsyncDisposable {
  url: string
  received: ForgeDelivery[]
}

export const openDoor = async (forge: () => Forge): Promise<Door> => {
  const received: ForgeDelivery[] = []
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const repositoryId = new URL(request.url ?? '/', 'http://door').searchParams.get('repository')
    const body = await buffer(request)
    try {
      const webhook = { headers, body, ...(repositoryId && { repositoryId }) }
      const delivery = await forge().webhooks?.receive(webhook)
      if (delivery) received.push(delivery)
      response.writeHead(202).end()
    } catch (error) {
      response.writeHead(error instanceof AppError ? error.status : 500).end(String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
