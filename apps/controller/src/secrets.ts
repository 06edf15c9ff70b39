import type { WorkloadSecrets } from '@pushfn/engine/engine'
import { aboutSecret, openSealingKey } from '@pushfn/kit/keyring-settings'
import { openBox } from '@pushfn/kit/sealed-box'
import { AppError } from '@pushfn/model/errors'
import { sealingKeyRow } from '@pushfn/store/sealing-keys'
import { sealedSecrets } from '@pushfn/store/secrets'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'

/** What a revision's replicas find at /var/openfaas/secrets: what it names and nothing else, opened only when it is needed. */
export const secretsOf = (
  context: ControllerContext,
  state: WantedState,
  { secretsKey: key, spec }: RevisionState,
): { secrets?: WorkloadSecrets } => {
  if (key === undefined) return {}
  const read = async () =>
    new Map([...(await openSecrets(context, state, spec.secrets)), ...(await openBoxes(context, state, spec.sealed))])
  return { secrets: { key, read } }
}

type Values = ReadonlyMap<string, Uint8Array>

/** Throws NOT_READY for one that the tenant has not (any more), which only the tenant can mend. */
const openSecrets = async (
  { db, keyring }: ControllerContext,
  { tenantId }: WantedState,
  names: readonly string[],
): Promise<Values> => {
  const rows = await sealedSecrets(db, tenantId, names)
  const missing = names.find((name) => rows.every((row) => row.name !== name))
  if (missing !== undefined) {
    throw new AppError('NOT_READY', 'a secret is missing', { hint: `there is no secret “${missing}”: set it` })
  }
  return new Map(
    rows.map((row) => {
      const value = keyring.open(aboutSecret(tenantId, row.name), row)
      if (value) return [row.name, value]
      throw closed(`secret ${row.name}`)
    }),
  )
}

const closed = (what: string): AppError =>
  new AppError('ENGINE_FAILED', `no key opens ${what}: put the one it is under into SECRETS_KEYS`)

/** Of the repository's own, sealed for this function. */
const openBoxes = async (
  { db, keyring }: ControllerContext,
  { tenantId, tenant, name: fn }: WantedState,
  boxes: Readonly<Record<string, string>>,
): Promise<Values> => {
  const names = Object.entries(boxes)
  const row = names.length === 0 ? undefined : await sealingKeyRow(db, tenantId)
  const key = row && openSealingKey(keyring, row)
  if (row && !key) throw closed(`the sealing key of ${tenant}`)
  const values = names.map(async ([name, box]) => {
    const opened = key && (await openBox(key, { tenant, function: fn, name }, box))
    if (opened && 'value' in opened) return [name, opened.value] as const
    const hint = `the secret “${name}” of secrets.yml does not open: seal it anew`
    throw new AppError('NOT_READY', 'a sealed secret does not open', { hint })
  })
  return new Map(await Promise.all(values))
}
