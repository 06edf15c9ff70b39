import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common'
import { AppError } from '@pushfn/model/errors'
import { RevisionId } from '@pushfn/model/ids'
import { FunctionName } from '@pushfn/model/names'
import { provenanceOf } from '@pushfn/store/image-records'
import { digestOf } from '@pushfn/store/revision-list'
import { sbomOf } from '@pushfn/store/sboms'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { OfTenant } from '../policy/of-tenant.ts'

const unpack = promisify(gunzip)

/** What is said of a revision's image. */
@Controller('api/v1/tenants/:tenant/functions/:function/revisions/:revision')
export class AttestationsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Get('provenance')
  async provenance(
    @OfTenant() tenant: Tenant,
    @Param() params: { function: string; revision: string },
    @Res() reply: FastifyReply,
  ) {
    const envelope = await provenanceOf(this.#context.db, await this.#digestOf(tenant, params))
    if (!envelope) {
      throw new AppError('NOT_FOUND', 'no provenance', {
        hint: 'how this image was built was not recorded: it was built before this cloud did so',
      })
    }
    return reply.type('application/vnd.dsse.envelope.v1+json').send(JSON.stringify(envelope))
  }

  @Get('sbom')
  async sbom(
    @OfTenant() tenant: Tenant,
    @Req() request: FastifyRequest,
    @Param() params: { function: string; revision: string },
    @Res() reply: FastifyReply,
  ) {
    const sbom = await sbomOf(this.#context.db, await this.#digestOf(tenant, params))
    if (typeof sbom === 'string') throw noSbom(sbom)
    reply.type('application/vnd.cyclonedx+json; version=1.6').header('vary', 'accept-encoding')
    const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    if (takesGzip) return reply.header('content-encoding', 'gzip').send(Buffer.from(sbom))
    return reply.send(await unpack(sbom))
  }

  async #digestOf(tenant: Tenant, params: { function: string; revision: string }): Promise<string> {
    const name = FunctionName.safeParse(params.function)
    const id = RevisionId.safeParse(params.revision)
    const of = { tenantId: tenant.id, name: name.data ?? '' }
    const digest = name.success && id.success ? await digestOf(this.#context.db, of, id.data) : undefined
    if (digest !== undefined) return digest
    throw new AppError('NOT_FOUND', 'no such revision', { hint: 'you have no such revision of that function here' })
  }
}

const noSbom = (why: 'waiting' | 'none'): AppError =>
  new AppError('NOT_FOUND', `no bill of materials: ${why}`, {
    hint:
      why === 'waiting'
        ? 'the bill of materials of this image is not made yet: it follows the deploy within a minute or so'
        : 'this image could not be read, so that nobody knows what it holds',
  })
