import { aboutSecret } from '@pushfn/kit/keyring-settings'
import { rewrapSecret, type SealedSecret, secretsUnderOtherKeys } from '@pushfn/store/secrets'
import type { ApiContext } from './context.ts'

/**
 * Brings every secret under the key that wraps now, so that older keys can be taken away. Whatever is set, read or
 * wrapped by others meanwhile stays as it is; what no key opens is told of, and left.
 */
export const rewrapSecrets = async ({ db, keyring, log }: ApiContext): Promise<void> => {
  let wrapped = 0
  let closed = 0
  for (let last: SealedSecret | undefined; ; ) {
    const rows = await secretsUnderOtherKeys(db, keyring.keyId, last)
    for (const row of rows) {
      const envelope = keyring.rewrap(aboutSecret(row.tenantId, row.name), row)
      if (!envelope) closed += 1
      else if (await rewrapSecret(db, row, envelope)) wrapped += 1
    }
    last = rows.at(-1)
    if (!last) break
  }
  if (wrapped > 0) log.info({ secrets: wrapped }, 'secrets are under the newest key now')
  if (closed > 0)
    log.error({ secrets: closed }, 'secrets that no key opens: put the key they are under into SECRETS_KEYS')
}
