import { createPublicKey } from 'node:crypto'
import { Controller, Get, Header, Inject } from '@nestjs/common'
import { signingKeys } from '@pushfn/store/signing-keys'
import { type ApiContext, CONTEXT } from './context.ts'

/** The public keys that what this cloud signed is verified by, for everybody. */
@Controller('.well-known')
export class SigningKeysController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  /** As JSON Web Keys (RFC 8037). */
  @Get('pushfn-keys.json')
  @Header('cache-control', 'public, max-age=60')
  async jwks() {
    const keys = await signingKeys(this.#context.db)
    return {
      keys: keys.map(({ id, publicKey }) => ({
        ...createPublicKey(publicKey).export({ format: 'jwk' }),
        kid: id,
        alg: 'EdDSA',
        use: 'sig',
      })),
    }
  }

  /** As PEM, newest first, each under its id: for openssl. */
  @Get('pushfn-keys.pem')
  @Header('cache-control', 'public, max-age=60')
  @Header('content-type', 'application/x-pem-file')
  async pem() {
    const keys = await signingKeys(this.#context.db)
    return keys.map(({ id, publicKey }) => `# ${id}\n${publicKey}`).join('')
  }
}
