import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import type { NewSecretValue, SecretView } from '@pushfn/model/secret'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { type SecretSource, secretBytes } from '../secret/secret-bytes.ts'
import { columns } from '../show/columns.ts'
import { ageText } from '../show/durations.ts'
import { print } from '../show/print.ts'

/** Sets a secret to what is piped in, stands in a file, or is typed without being shown: never to an argument. */
export const setSecret = async (context: Context, name: string, source: SecretSource): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const body = valueFrom(await secretBytes(context, name, source))
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

const valueFrom = (bytes: Buffer): NewSecretValue => {
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? { value: text } : { base64: bytes.toString('base64') }
}

const secretText = ({ name, functions }: SecretView): string =>
  functions.length === 0
    ? `${name} is set; no function names it yet`
    : `${name} is set, for ${functions.map((fn) => fn.name).join(', ')}`
