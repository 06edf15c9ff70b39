import { cloudUrlFrom } from '../cloud/cloud.ts'
import { readConfig, writeConfig } from '../config/config-file.ts'
import type { Context } from '../context.ts'
import { print } from '../show/print.ts'

/** Forgets the token of a cloud; to be signed out already is well. */
export const logout = async (context: Context): Promise<void> => {
  const { env, options } = context
  const config = await readConfig(env)
  const url = options.cloud === undefined ? config.current : cloudUrlFrom(options.cloud)
  const { [url ?? '']: _gone, ...clouds } = config.clouds
  const current = config.current === url ? (Object.keys(clouds)[0] ?? null) : config.current
  if (url !== null) await writeConfig(env, { current, clouds })
  print(context, { cloud: url }, () => (url === null ? 'you are not signed in' : `signed out of ${url}`))
}
