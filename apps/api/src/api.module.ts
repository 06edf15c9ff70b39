import { type DynamicModule, Module } from '@nestjs/common'
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core'
import { AuditController } from './audit/audit.controller.ts'
import { AuditInterceptor } from './audit/audit.interceptor.ts'
import { BadgeController } from './badges/badge.controller.ts'
import { ConsoleController } from './console/console.controller.ts'
import { type ApiContext, CONTEXT } from './context.ts'
import { GitController } from './git/git.controller.ts'
import { HealthController } from './health.controller.ts'
import { LoginLinksController } from './login/login-links.controller.ts'
import { SessionController } from './login/session.controller.ts'
import { OpenApiController } from './openapi/openapi.controller.ts'
import { PolicyGuard } from './policy/policy.guard.ts'
import { AttestationsController } from './rest/attestations.controller.ts'
import { BuildHooksController } from './rest/build-hooks.controller.ts'
import { BuildsController } from './rest/builds.controller.ts'
import { CallsController } from './rest/calls.controller.ts'
import { CanaryController } from './rest/canary.controller.ts'
import { DeliveriesController } from './rest/deliveries.controller.ts'
import { DeploysController } from './rest/deploys.controller.ts'
import { DomainsController } from './rest/domains.controller.ts'
import { HooksController } from './rest/hooks.controller.ts'
import { RebuildsController } from './rest/rebuilds.controller.ts'
import { RepositoriesController } from './rest/repositories.controller.ts'
import { RevisionsController } from './rest/revisions.controller.ts'
import { SealingKeyController } from './rest/sealing-key.controller.ts'
import { SecretsController } from './rest/secrets.controller.ts'
import { TenantsController } from './rest/tenants.controller.ts'
import { TokensController } from './rest/tokens.controller.ts'
import { GithubSetupController } from './setup/github-setup.controller.ts'
import { SigningKeysController } from './signing-keys.controller.ts'
import { BuildHookController } from './webhooks/build-hook.controller.ts'
import { WebhooksController } from './webhooks/webhooks.controller.ts'

@Module({})
class ApiModule {}

/** The one module of this process: its controllers, and the context they work with. */
export const apiModule = (context: ApiContext): DynamicModule => ({
  module: ApiModule,
  providers: [
    { provide: CONTEXT, useValue: context },
    { provide: APP_GUARD, useClass: PolicyGuard },
    { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
  ],
  controllers: [
    HealthController,
    WebhooksController,
    GitController,
    TenantsController,
    HooksController,
    TokensController,
    DomainsController,
    SecretsController,
    SealingKeyController,
    RepositoriesController,
    DeploysController,
    BuildHooksController,
    BuildHookController,
    CanaryController,
    RevisionsController,
    AttestationsController,
    RebuildsController,
    BuildsController,
    CallsController,
    DeliveriesController,
    AuditController,
    SessionController,
    LoginLinksController,
    OpenApiController,
    BadgeController,
    SigningKeysController,
    GithubSetupController,
    ConsoleController,
  ],
})
