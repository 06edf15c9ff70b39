import { type Cloud, cloudUrlFrom } from '../cloud/cloud.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { readConfig } from './config-file.ts'

/**
 * The cloud that is asked: `--cloud`, else `PUSHFN_URL`, else the one that was signed in to last. The token is `PUSHFN_TOKEN`, which
 * goes to `PUSHFN_URL` alone, else the one that was kept. Throws Failure when there is none.
 */
export const findCloud = async ({ env, options }: Context): Promise<Cloud> => {
  if (env.PUSHFN_TOKEN && !env.PUSHFN_URL) {
    throw new Failure('usage', 'PUSHFN_TOKEN is set, and PUSHFN_URL is not', {
      hint: 'PUSHFN_URL says which cloud the token is of, such as https://console.example.com',
    })
  }
  const fromEnv = env.PUSHFN_URL ? cloudUrlFrom(env.PUSHFN_URL) : undefined
  const named = options.cloud === undefined ? fromEnv : cloudUrlFrom(options.cloud)
  if (env.PUSHFN_TOKEN && named !== undefined && named === fromEnv) return { url: named, token: env.PUSHFN_TOKEN }
  const { current, clouds } = await readConfig(env)
  const url = named ?? current
  const kept = url === null ? undefined : clouds[url]
  if (url !== null && kept) return { url, ...kept }
  throw new Failure('away', url === null ? 'you are not signed in' : `you are not signed in to ${url}`, {
    hint: `sign in: pushfn login ${url ?? '<address of the console>'}`,
  })
}
