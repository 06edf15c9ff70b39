import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRawFunction, aRoute } from './support/a-function.ts'
import { HOST, openSocket } from './support/raw-client.ts'
import { type GatewayWorld, hasDrained, startWorld, until } from './support/world.ts'

/** How long an upgraded connection counts as a call; what passes in it stands in the table. */
let world: GatewayWorld
let echo: Awaited<ReturnType<typeof aRawFunction>>

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello'

beforeAll(async () => {
  echo = await aRawFunction((socket) => {
    socket.once('data', () => {
      socket.write(SWITCHED)
      socket.on('data', (more) => socket.write(more))
    })
  })
  world = await startWorld({}, { routes: [aRoute({ addresses: [echo.address] })] })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await echo[Symbol.asyncDispose]()
})

test('an endpoint is drained only when its last tunnel has closed', async () => {
  const socket = await openSocket(world.port)
  let text = ''
  socket.on('data', (data) => {
    text += data.toString('latin1')
  })
  socket.write(`GET /hello HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  await until(() => text.endsWith('hello'), 'the tunnel is open')
  await world.publish({ remove: ['ada/hello'] })
  expect(hasDrained(world.messages, 'hello-0')).toBe(false)
  socket.write('still there')
  await until(() => text.endsWith('still there'), 'the tunnel still works')
  expect(hasDrained(world.messages, 'hello-0')).toBe(false)
  socket.destroy()
  await until(() => hasDrained(world.messages, 'hello-0'), 'the endpoint is drained')
})
