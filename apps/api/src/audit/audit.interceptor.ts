import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common'
import { recordDeed } from '@pushfn/store/audit'
import type { FastifyRequest } from 'fastify'
import { from, mergeMap, type Observable } from 'rxjs'
import { type ApiContext, CONTEXT } from '../context.ts'
import type { Caller } from '../policy/caller.ts'
import { decisionOf } from '../policy/policy.guard.ts'

/** Writes down whatever is changed by the REST API, once it is: by whom, what, of whom and from where; never what was sent. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = execution.switchToHttp().getRequest<FastifyRequest>()
    if (request.method === 'GET' || request.method === 'HEAD') return next.handle()
    return next.handle().pipe(mergeMap((answer) => from(this.#record(request).then(() => answer))))
  }

  /** What was done is done: a database that does not take the entry is told of, and the caller gets the answer. */
  async #record(request: FastifyRequest): Promise<void> {
    const decision = decisionOf(request)
    if (!decision?.caller) return
    const { tenant: _, ...subject } = request.params as Record<string, string>
    const facts = {
      tenantId: decision.tenant?.id,
      actor: actorOf(decision.caller),
      action: decision.action,
      subject,
      address: request.ip,
    }
    await recordDeed(this.#context.db, facts).catch((err) =>
      this.#context.log.error({ err, ...facts }, 'a deed could not be written into the audit trail'),
    )
  }
}

const actorOf = (caller: Caller): string => {
  switch (caller.kind) {
    case 'operator':
      return 'operator'
    case 'tenant':
      return `token ${caller.token}`
    case 'person':
      return `${caller.person.login} at ${caller.person.forge}`
  }
}
