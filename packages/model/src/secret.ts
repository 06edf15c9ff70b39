import { z } from 'zod'

/** A tenant's secret by its name: the name of the file under /var/openfaas/secrets of each function that names it. */
export const SecretName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9](?:[a-z0-9_-]|\.(?!\.))*(?<=[a-z0-9])$/,
    'a secret’s name has lower-case letters, digits, “-”, “_” and “.”, as in db-password',
  )
  .brand<'SecretName'>()
export type SecretName = z.infer<typeof SecretName>

/** Of one value; what a tenant has in all is at most what a Secret of Kubernetes may hold. */
export const MAX_SECRET_BYTES = 131_072
export const MAX_SECRETS_BYTES = 1_048_576
export const MAX_SECRETS = 200

const TextValue = z
  .string()
  .min(1, 'a secret is not empty')
  .max(MAX_SECRET_BYTES)
  .regex(/^[^\p{Cs}]*$/u, 'half a character is no text: send such bytes as base64')

/** Base64 is a third longer. */
const Base64Value = z
  .base64('it is no base64')
  .min(1, 'a secret is not empty')
  .max(Math.ceil(MAX_SECRET_BYTES / 3) * 4)

/** A value, which nobody is ever told again: as text, or bytes in base64. */
export const NewSecretValue = z.union([z.strictObject({ value: TextValue }), z.strictObject({ base64: Base64Value })])
export type NewSecretValue = z.infer<typeof NewSecretValue>

/** A secret as its tenant sees it: never its value. */
export const SecretView = z.object({
  name: z.string(),
  /** Grows with each change of any of the tenant's secrets. */
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Those that run with it, or shall; and why one goes on with the values of before, where it does. */
  functions: z.array(z.object({ name: z.string(), failure: z.string().nullable() })),
})
export type SecretView = z.infer<typeof SecretView>

/** A tenant's secrets, by name. */
export const SecretList = z.object({ items: z.array(SecretView) })
export type SecretList = z.infer<typeof SecretList>

/** By what the tenant's secrets are sealed that stand in its repositories: `key` is the raw X25519 public key in base64. */
export const SealingKeyView = z.object({ tenant: z.string(), key: z.string() })
export type SealingKeyView = z.infer<typeof SealingKeyView>
