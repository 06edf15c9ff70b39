import { randomUUID } from 'node:crypto'
import type { Role } from '@pushfn/model/roles'
import { localFetch } from './local-fetch.ts'
import type { World } from './world.ts'

/** A tenant of the builtin forge, made through the API as an operator does. */
export interface TestTenant {
  slug: string
  token: string
  /** Where its repository of that name is pushed to, the token in it. */
  gitUrl(repository: string): string
  /** One more token of it, in that role. */
  tokenAs(role: Role): Promise<string>
}

export const aTenantOf = async (world: World, slug = `t-${randomUUID().slice(0, 8)}`): Promise<TestTenant> => {
  await operate(world, '/api/v1/tenants', { slug })
  const aToken = async (role: Role) =>
    String((await operate(world, `/api/v1/tenants/${slug}/tokens`, { name: 'test', role })).token)
  const token = await aToken('owner')
  const { host } = new URL(world.consoleUrl)
  return {
    slug,
    token,
    tokenAs: aToken,
    gitUrl: (repository) => `http://git:${token}@${host}/git/${slug}/${repository}.git`,
  }
}

const operate = async (world: World, path: string, body: unknown): Promise<Record<string, unknown>> => {
  const response = await localFetch(world.consoleUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return Object(await response.json())
}
