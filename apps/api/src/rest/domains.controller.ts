import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common'
import { DomainList, DomainView, NewDomain } from '@pushfn/model/api'
import { DomainName, domainRecord, isWithin } from '@pushfn/model/domain-name'
import { AppError } from '@pushfn/model/errors'
import {
  claimDomain,
  type Domain,
  domainOf,
  domainsOf,
  MAX_DOMAINS,
  publishDomain,
  removeDomain,
  unpublishDomain,
} from '@pushfn/store/domains'
import type { Tenant } from '@pushfn/store/tenants'
import type { FastifyReply } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { verifyDomain } from '../domains/verify-domain.ts'
import { OfTenant } from '../policy/of-tenant.ts'
import { parseInput } from './parse-input.ts'

/** Hosts that a tenant brings itself: claimed here, proved by DNS, and only then served. */
@Controller('api/v1/tenants/:tenant/domains')
export class DomainsController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  @Post()
  async claim(@OfTenant() tenant: Tenant, @Body() body: unknown) {
    const { db, config } = this.#context
    const { domain, function: name } = parseInput(NewDomain, body)
    for (const own of [config.functionsUrl, config.consoleUrl].map((url) => new URL(url).hostname)) {
      if (!isWithin(domain, own)) continue
      throw new AppError('FORBIDDEN', 'a domain of the cloud', { hint: `${domain} is within this cloud’s own ${own}` })
    }
    const claim = await claimDomain(db, tenant.id, { name: domain, function: name })
    if (!claim) {
      throw new AppError('CONFLICT', 'too many domains', {
        hint: `a tenant may have ${MAX_DOMAINS} domains: remove one`,
      })
    }
    if (claim.heldName !== null) await this.#tell(publishDomain(this.#redis, config.cloud, claim, tenant.slug))
    return domainView(claim)
  }

  @Get()
  async list(@OfTenant() tenant: Tenant): Promise<DomainList> {
    const rows = await domainsOf(this.#context.db, tenant.id)
    return DomainList.parse({ items: rows.map(domainView) })
  }

  @Post(':domain/verify')
  @HttpCode(200)
  async verify(@OfTenant() tenant: Tenant, @Param('domain') written: string) {
    const claim = await this.#requireDomain(tenant, written)
    const { name, value } = domainRecord(claim.name, claim.token)
    const outcome = await verifyDomain(this.#context, claim, tenant.slug)
    if (outcome === 'missing') {
      throw new AppError('CONFLICT', 'the record is not there', {
        hint: `there is no TXT record “${value}” at ${name} yet: set it, and mind that DNS may take a while to show it`,
      })
    }
    if (outcome === 'taken') {
      throw new AppError('CONFLICT', 'the domain is another tenant’s', {
        hint: `another tenant serves ${claim.name}, and its record still stands at ${name}: remove that one`,
      })
    }
    return domainView(await this.#requireDomain(tenant, written))
  }

  @Delete(':domain')
  async remove(
    @OfTenant() tenant: Tenant,
    @Param('domain') written: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { name } = await this.#requireDomain(tenant, written)
    const removed = await removeDomain(this.#context.db, tenant.id, name)
    if (removed?.heldName) await this.#tell(unpublishDomain(this.#redis, this.#context.config.cloud, name))
    await reply.code(204).send()
  }

  async #requireDomain(tenant: Tenant, written: string): Promise<Domain> {
    const name = DomainName.safeParse(written).data
    const domain = name === undefined ? undefined : await domainOf(this.#context.db, tenant.id, name)
    if (domain) return domain
    throw new AppError('NOT_FOUND', 'no such domain', { hint: 'you have not added such a domain' })
  }

  get #redis() {
    return this.#context.bus.redis
  }

  /** The database has it; what gateways cannot be told now, the controller tells them when Redis is back. */
  async #tell(telling: Promise<void>): Promise<void> {
    await telling.catch((err) =>
      this.#context.log.warn({ err }, 'gateways could not be told of a domain; they will be'),
    )
  }
}

const domainView = (row: Domain): DomainView =>
  DomainView.parse({
    domain: row.name,
    function: row.function,
    record: domainRecord(row.name, row.token),
    verifiedAt: row.verifiedAt?.toISOString() ?? null,
    checkedAt: row.checkedAt?.toISOString() ?? null,
  })
