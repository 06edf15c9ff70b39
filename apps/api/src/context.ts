import type { Forges } from '@pushfn/forge/forges'
import type { Configuration } from '@pushfn/kit/configuration'
import type { Keyring } from '@pushfn/kit/envelope'
import type { Log } from '@pushfn/kit/log'
import type { CloudUrls } from '@pushfn/model/urls'
import type { BuildBell } from '@pushfn/store/build-queue'
import type { Bus } from '@pushfn/store/bus'
import type { CallOffice } from '@pushfn/store/calls/call-office'
import type { Database } from '@pushfn/store/database'
import type { Registry } from 'prom-client'
import type { FindRecords } from './domains/dns.ts'
import type { settings } from './settings.ts'
import type { AllowedTenants } from './webhooks/allowed-tenants.ts'

/** What the api's functions need of the process they run in. Made once in `main.ts`; Nest hands it to controllers. */
export interface ApiContext {
  config: Configuration<typeof settings>
  log: Log
  db: Database
  bus: Bus
  bell: BuildBell
  calls: CallOffice
  forges: Forges
  metrics: Registry
  allowed: AllowedTenants
  urls: CloudUrls
  findRecords: FindRecords
  keyring: Keyring
}

/** Nest's token of the context. */
export const CONTEXT = Symbol('ApiContext')
