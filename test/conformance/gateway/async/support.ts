import { CallView } from '@pushfn/model/async-call'
import { ask } from '../support/raw-client.ts'
import { type GatewayWorld, until } from '../support/world.ts'

/** Settings under which retries come soon, and callbacks may go to the test's own receiver. */
export const ASYNC_SETTINGS = {
  PUSHFN_SECRET: '5f2c9a6e1b7d4038a1c4e7f00b9d2e6c5f2c9a6e1b7d4038a1c4e7f00b9d2e6c',
  ASYNC_RETRY_BASE_MS: '20',
  ASYNC_CALLBACK_NETWORKS: '127.0.0.1/32',
}

type Post = { path?: string; body?: string | Buffer; headers?: Record<string, string>; tenant?: string }

/** Calls a function asynchronously. */
export const post = (world: Pick<GatewayWorld, 'port'>, name: string, about: Post = {}) => {
  const { path = '', body, headers = {}, tenant = 'ada' } = about
  return ask({
    port: world.port,
    method: 'POST',
    path: `/async-function/${name}${path}`,
    host: `${tenant}.fn.localhost`,
    headers,
    ...(body !== undefined && { body }),
  })
}

/** Calls it, and gives the id that it was accepted under. */
export const accepted = async (world: Pick<GatewayWorld, 'port'>, name: string, about: Post = {}): Promise<string> => {
  const answer = await post(world, name, about)
  if (answer.status !== 202) throw new Error(`not accepted: ${answer.status} ${answer.body}`)
  return String(answer.headers['x-call-id'])
}

export const stateOf = async (
  world: Pick<GatewayWorld, 'port'>,
  name: string,
  id: string,
  tenant = 'ada',
): Promise<CallView | undefined> => {
  const path = `/async-function/${name}/${id}`
  const answer = await ask({ port: world.port, path, host: `${tenant}.fn.localhost` })
  return answer.status === 200 ? CallView.parse(JSON.parse(answer.body)) : undefined
}

/** Waits until the call is in one of the states, and gives it. */
export const untilState = async (
  world: Pick<GatewayWorld, 'port'>,
  name: string,
  id: string,
  states: readonly CallView['state'][],
  tenant = 'ada',
): Promise<CallView> => {
  let view: CallView | undefined
  await until(
    async () => {
      view = await stateOf(world, name, id, tenant)
      return view !== undefined && states.includes(view.state)
    },
    `the call ${id} is ${states.join(' or ')}`,
  )
  if (!view) throw new Error('no such call')
  return view
}
