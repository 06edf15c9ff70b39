import type { Envelope } from '@pushfn/kit/envelope'
import { aboutSealingKey, aboutSecret } from '@pushfn/kit/keyring-settings'
import { rewrapSealingKey, sealingKeysUnderOtherKeys } from '@pushfn/store/sealing-keys'
import { rewrapSecret, secretsUnderOtherKeys } from '@pushfn/store/secrets'
import type { ApiContext } from './context.ts'

/**
 * Brings every secret and every sealing key under the key that wraps now, so that older keys can be taken away. Whatever is
 * set, read or wrapped by others meanwhile stays as it is; what no key opens is told of, and left.
 */
export const rewrapSecrets = async (context: ApiContext): Promise<void> => {
  const { db, keyring, log } = context
  const secrets = await rewrapAll(context, {
    read: (last: Awaited<ReturnType<typeof secretsUnderOtherKeys>>[number] | undefined) =>
      secretsUnderOtherKeys(db, keyring.keyId, last),
    about: ({ tenantId, name }) => aboutSecret(tenantId, name),
    write: (row, envelope) => rewrapSecret(db, row, envelope),
  })
  const keys = await rewrapAll(context, {
    read: (last: Awaited<ReturnType<typeof sealingKeysUnderOtherKeys>>[number] | undefined) =>
      sealingKeysUnderOtherKeys(db, keyring.keyId, last?.tenantId),
    about: ({ tenantId }) => aboutSealingKey(tenantId),
    write: (row, envelope) => rewrapSealingKey(db, row, envelope),
  })
  const wrapped = secrets.wrapped + keys.wrapped
  const closed = secrets.closed + keys.closed
  if (wrapped > 0) log.info({ secrets: wrapped }, 'secrets are under the newest key now')
  if (closed > 0)
    log.error({ secrets: closed }, 'secrets that no key opens: put the key they are under into SECRETS_KEYS')
}

interface Wrapped<Row extends Envelope> {
  /** Some of those that another key wraps, after the last. */
  read: (last: Row | undefined) => Promise<Row[]>
  about: (row: Row) => readonly string[]
  write: (row: Row, envelope: Envelope) => Promise<boolean>
}

const rewrapAll = async <Row extends Envelope>({ keyring }: ApiContext, { read, about, write }: Wrapped<Row>) => {
  const counts = { wrapped: 0, closed: 0 }
  for (let last: Row | undefined; ; ) {
    const rows = await read(last)
    for (const row of rows) {
      const envelope = keyring.rewrap(about(row), row)
      if (!envelope) counts.closed += 1
      else if (await write(row, envelope)) counts.wrapped += 1
    }
    last = rows.at(-1)
    if (!last) return counts
  }
}
