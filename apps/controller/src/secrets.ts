import type { WorkloadSecrets } from '@pushfn/engine/engine'
import { aboutSecret } from '@pushfn/kit/keyring-settings'
import { AppError } from '@pushfn/model/errors'
import { sealedSecrets } from '@pushfn/store/secrets'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from './context.ts'

/** What a revision's replicas find at /var/openfaas/secrets: what it names and nothing else, opened only when it is needed. */
export const secretsOf = (
  context: ControllerContext,
  { tenantId }: WantedState,
  { secretsKey: key, spec }: RevisionState,
): { secrets?: WorkloadSecrets } =>
  key === undefined ? {} : { secrets: { key, read: () => openSecrets(context, tenantId, spec.secrets) } }

/** Throws NOT_READY for one that the tenant has not (any more), which only the tenant can mend. */
const openSecrets = async (
  { db, keyring }: ControllerContext,
  tenantId: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> => {
  const rows = await sealedSecrets(db, tenantId, names)
  const missing = names.find((name) => rows.every((row) => row.name !== name))
  if (missing !== undefined) {
    throw new AppError('NOT_READY', 'a secret is missing', { hint: `there is no secret “${missing}”: set it` })
  }
  return new Map(
    rows.map((row) => {
      const value = keyring.open(aboutSecret(tenantId, row.name), row)
      if (value) return [row.name, value]
      throw new AppError('ENGINE_FAILED', `no key opens secret ${row.name}: put the one it is under into SECRETS_KEYS`)
    }),
  )
}
