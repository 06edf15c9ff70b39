import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { callApi } from '../cloud/call-api.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { sealedBox } from '../secret/sealed-box.ts'
import { type SecretSource, secretBytes } from '../secret/secret-bytes.ts'
import { SEALED_FILE, withBox } from '../secret/with-box.ts'
import { print } from '../show/print.ts'

/** A box has room for so much. */
const MAX_SEALED_BYTES = 12_288

/** Seals a secret for one function, and writes the box into secrets.yml, where all else stays as it is. */
export const sealSecret = async (context: Context, fn: string, name: string, source: SecretSource): Promise<void> => {
  const { cloud, tenant } = await openCloud(context)
  const value = await secretBytes(context, name, source)
  if (value.length === 0 || value.length > MAX_SEALED_BYTES) {
    throw new Failure('usage', `the value has ${value.length} bytes`, {
      hint: `1 to ${MAX_SEALED_BYTES} can be sealed; pushfn secret set takes more`,
    })
  }
  const { key } = await callApi(cloud, tenantRoutes.showSealingKey, { params: { tenant }, signal: context.signal })
  const place = { tenant, function: fn, name }
  const box = await sealedBox(key, place, value)
  const path = join(context.folder, SEALED_FILE)
  await writeFile(path, withBox(await readFile(path, 'utf8').catch(noFile), { ...place, box }))
  print(context, { ...place, box }, () => `sealed for ${fn} in ${path}: commit it`)
}

const noFile = (err: unknown): string => {
  if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return ''
  throw err
}
