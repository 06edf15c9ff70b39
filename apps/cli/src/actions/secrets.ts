import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import type { NewSecretValue, SecretView } from '@pushfn/model/secret'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

interface SetOptions {
  file?: string | undefined
  exact?: true | undefined
}

/** Sets a secret to what is piped in, stands in a file, or is typed without being shown: never to an argument. */
export const setSecret = async (context: Context, name: string, options: SetOptions): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const body = valueFrom(await bytesOf(context, name, options), options)
  const asked = { params: { tenant, secret: name }, body, signal: context.signal }
  const view = await callApi(cloud, tenantRoutes.setSecret, asked)
  print(context, view, () => secretText(view))
}

export const listSecrets = async (context: Context): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const list = await callApi(cloud, tenantRoutes.listSecrets, { params: { tenant }, signal: context.signal })
  print(context, list, () => {
    if (list.items.length === 0) return `${tenant} has no secrets: pushfn secret set <name>`
    const rows = list.items.map((secret) => [
      secret.name,
      ageText(secret.updatedAt),
      secret.functions.map(({ name, failure }) => (failure === null ? name : `${name} (${failure})`)).join(', '),
    ])
    return columns(['SECRET', 'AGE', 'FUNCTIONS'], rows, { isCut: true })
  })
}

export const removeSecret = async (context: Context, name: string): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  await callApi(cloud, tenantRoutes.removeSecret, { params: { tenant, secret: name }, signal: context.signal })
  print(context, { name }, () => `${name} is removed`)
}

const bytesOf = async ({ signal, folder }: Context, name: string, { file }: SetOptions): Promise<Buffer> => {
  if (file !== undefined) {
    return readFile(resolve(folder, file)).catch((cause: unknown) => {
      throw new Failure('usage', `${file} cannot be read`, { cause })
    })
  }
  if (!process.stdin.isTTY) return buffer(process.stdin)
  const { default: password } = await import('@inquirer/password')
  return Buffer.from(await password({ message: `Value of ${name}` }, { signal, output: process.stderr }))
}

/** The line end that editors and `echo` put behind a value is none of it; `--exact` says that it is. */
const valueFrom = (bytes: Buffer, { exact }: SetOptions): NewSecretValue => {
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) return { base64: bytes.toString('base64') }
  return { value: exact ? text : text.replace(/\r?\n$/, '') }
}

const secretText = ({ name, functions }: SecretView): string =>
  functions.length === 0
    ? `${name} is set; no function names it yet`
    : `${name} is set, for ${functions.map((fn) => fn.name).join(', ')}`
