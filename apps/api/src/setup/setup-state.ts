import { createHash, randomBytes } from 'node:crypto'
import type { ApiContext } from '../context.ts'

/**
 * Binds a set-up to the browser in which an operator began it: GitHub sends the browser back with the state, and it must be
 * the one in the browser's cookie, which the cloud gave out and nobody used yet. `Lax`: the way back comes from GitHub.
 */
const NAME = '__Host-pushfn-setup'
const SECONDS = 3_600
const STATE = /^[A-Za-z0-9_-]{43}$/

/** A new state, and the `Set-Cookie` that gives it to the browser. */
export const openSetup = async ({ bus, config }: ApiContext): Promise<{ state: string; cookie: string }> => {
  const state = randomBytes(32).toString('base64url')
  await bus.redis.set(keyOf(config.cloud, state), '1', 'EX', SECONDS)
  return { state, cookie: `${NAME}=${state}; Max-Age=${SECONDS}; Path=/; Secure; HttpOnly; SameSite=Lax` }
}

/** Whether the state is the browser's own and open; it is not any more then. */
export const closeSetup = async (
  { bus, config }: ApiContext,
  state: string,
  cookies: string | undefined,
): Promise<boolean> => {
  const isOwn = (cookies ?? '').split(';').some((cookie) => cookie.trim() === `${NAME}=${state}`)
  if (!STATE.test(state) || !isOwn) return false
  return (await bus.redis.getdel(keyOf(config.cloud, state))) === '1'
}

const keyOf = (cloud: string, state: string): string =>
  `${cloud}:setup:${createHash('sha256').update(state).digest('base64url')}`
