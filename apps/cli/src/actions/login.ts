import { text } from 'node:stream/consumers'
import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { callApi } from '../cloud/call-api.ts'
import { cloudUrlFrom } from '../cloud/cloud.ts'
import { readConfig, writeConfig } from '../config/config-file.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { print } from '../show/print.ts'
import { sessionText } from '../show/session-text.ts'

/** Keeps a token that the cloud knows. What was kept stays when it does not. */
export const login = async (
  context: Context,
  given: { url?: string | undefined; token?: string | undefined },
): Promise<void> => {
  const { env, options, signal } = context
  if (given.token !== undefined && given.token !== '-') {
    throw new Failure('usage', 'a token is no argument: others could read it in the list of processes', {
      hint: `pipe it in: pushfn login --token - < file. That one is no secret any more: revoke it`,
    })
  }
  const config = await readConfig(env)
  const named = given.url ?? options.cloud ?? env.PUSHFN_URL ?? config.current
  if (!named) throw new Failure('usage', 'which cloud?', { hint: 'pushfn login https://console.example.com' })
  const url = cloudUrlFrom(named)
  const token = (given.token === '-' || !process.stdin.isTTY ? await piped(signal) : await asked(url, signal)).trim()
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Failure('usage', 'that is no token', { hint: 'it is one word, such as pf_…' })

  const session = await callApi({ url, token }, tenantRoutes.showSession, { params: {}, signal })
  const tenant = session.kind === 'tenant' ? { tenant: session.tenant } : {}
  await writeConfig(env, { current: url, clouds: { ...config.clouds, [url]: { token, ...tenant } } })
  print(context, session, () => `signed in to ${url} as ${sessionText(session)}`)
}

const piped = (signal: AbortSignal): Promise<string> =>
  text(process.stdin.addListener('error', () => {})).finally(() => signal.throwIfAborted())

const asked = async (url: string, signal: AbortSignal): Promise<string> => {
  const { default: password } = await import('@inquirer/password')
  return password({ message: `API token for ${url}` }, { signal, output: process.stderr })
}
