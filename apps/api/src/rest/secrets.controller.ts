import { Body, Controller, Delete, Get, Inject, Param, Put, Res } from '@nestjs/common'
import { aboutSecret } from '@pushfn/kit/keyring-settings'
import { AppError } from '@pushfn/model/errors'
import { MAX_SECRET_BYTES, NewSecretValue, SecretList, SecretName, SecretView } from '@pushfn/model/secret'
import { channels } from '@pushfn/store/bus'
import { removeSecret, type SecretRow, secretsOf, setSecret } from '@pushfn/store/secrets'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyReply } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { parseInput } from './parse-input.ts'

/** Secrets of a tenant's functions: a value comes in here, and goes out to nobody but the functions that name it. */
@Controller('api/v1/tenants/:tenant/secrets')
export class SecretsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get()
  async list(@OfTenant() tenant: Tenant): Promise<SecretList> {
    const rows = await secretsOf(this.#context.db, tenant.id)
    return SecretList.parse({ items: rows.map(viewOf) })
  }

  @Put(':secret')
  async set(@OfTenant() tenant: Tenant, @Param('secret') written: string, @Body() body: unknown): Promise<SecretView> {
    const { db, bus, config, keyring } = this.#context
    const name = parseInput(SecretName, written)
    const value = bytesOf(parseInput(NewSecretValue, body))
    const envelope = keyring.seal(aboutSecret(tenant.id, name), value)
    const row = await setSecret(db, { tenantId: tenant.id, name }, envelope)
    for (const { id } of row.functions) void bus.publish(channels(config.cloud).functionWanted, id)
    return SecretView.parse(viewOf(row))
  }

  @Delete(':secret')
  async remove(
    @OfTenant() tenant: Tenant,
    @Param('secret') written: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const name = SecretName.safeParse(written).data
    const isGone = name !== undefined && (await removeSecret(this.#context.db, { tenantId: tenant.id, name }))
    if (!isGone) throw new AppError('NOT_FOUND', 'no such secret', { hint: 'you have no secret of that name' })
    await reply.code(204).send()
  }
}

const bytesOf = (given: NewSecretValue): Buffer => {
  const bytes = 'value' in given ? Buffer.from(given.value) : Buffer.from(given.base64, 'base64')
  if (bytes.length <= MAX_SECRET_BYTES) return bytes
  const hint = `a secret may have ${MAX_SECRET_BYTES / 1024} KiB, and this one has ${bytes.length} bytes`
  throw new AppError('TOO_LARGE', 'a secret too large', { hint })
}

const viewOf = (row: SecretRow): SecretView => ({
  name: row.name,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  functions: row.functions.map(({ name, failure }) => ({ name, failure })),
})
