import { commonSettings } from './common-settings.ts'
import { type Configuration, setting } from './configuration.ts'
import { type Envelope, type Keyring, openKeyring } from './envelope.ts'
import type { SealingKey } from './sealed-box.ts'

/** Under what tenants' secrets are kept, for whoever seals or opens them. */
export const keyringSettings = {
  secret: commonSettings.secret,
  secretsKeys: setting.secrets({
    env: 'SECRETS_KEYS',
    description:
      'Keys under which tenants’ secrets are kept, with commas, 32 random bytes in hex each: the first one wraps, the others still open. PUSHFN_SECRET opens too, and wraps when there is none.',
  }),
}

export const keyringOf = ({ secretsKeys, secret }: Configuration<typeof keyringSettings>): Keyring => {
  const [first, ...others] = secretsKeys
  return openKeyring(first ? [first, ...others, secret] : [secret])
}

/** Whose value a secret's envelope holds. */
export const aboutSecret = (tenantId: string, name: string): readonly string[] => ['secret', tenantId, name]

/** Whose sealing key an envelope holds. */
export const aboutSealingKey = (tenantId: string): readonly string[] => ['sealing key', tenantId]

/** A tenant's sealing key from its row; undefined when none of the cloud's keys opens it. */
export const openSealingKey = (
  keyring: Keyring,
  row: Envelope & { tenantId: string; publicKey: Uint8Array<ArrayBuffer> },
): SealingKey | undefined => {
  const privateKey = keyring.open(aboutSealingKey(row.tenantId), row)
  return privateKey && { publicKey: row.publicKey, privateKey: new Uint8Array(privateKey) }
}
