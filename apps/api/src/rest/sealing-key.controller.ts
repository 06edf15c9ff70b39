import { Controller, Get, Inject } from '@nestjs/common'
import { aboutSealingKey } from '@pushfn/kit/keyring-settings'
import { newSealingKey } from '@pushfn/kit/sealed-box'
import { SealingKeyView } from '@pushfn/model/secret'
import { keepSealingKey, sealingKeyRow } from '@pushfn/store/sealing-keys'
import type { Tenant } from '@pushfn/store/tenants'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'

/** By what a tenant seals secrets that stand in its repositories: made when it is first asked for. */
@Controller('api/v1/tenants/:tenant/sealing-key')
export class SealingKeyController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get()
  async show(@OfTenant() tenant: Tenant): Promise<SealingKeyView> {
    const { db } = this.#context
    const { publicKey } = (await sealingKeyRow(db, tenant.id)) ?? (await this.#make(tenant.id))
    return SealingKeyView.parse({ tenant: tenant.slug, key: Buffer.from(publicKey).toString('base64') })
  }

  async #make(tenantId: string) {
    const { publicKey, privateKey } = await newSealingKey()
    const envelope = this.#context.keyring.seal(aboutSealingKey(tenantId), privateKey)
    return keepSealingKey(this.#context.db, { tenantId, publicKey, ...envelope })
  }
}
