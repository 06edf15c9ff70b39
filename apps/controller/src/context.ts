import type { Engine } from '@pushfn/engine/engine'
import type { Configuration } from '@pushfn/kit/configuration'
import type { Keyring } from '@pushfn/kit/envelope'
import type { Log } from '@pushfn/kit/log'
import type { Bus } from '@pushfn/store/bus'
import type { Schedules } from '@pushfn/store/calls/schedules'
import type { Database } from '@pushfn/store/database'
import type { Gateways } from '@pushfn/store/gateways'
import type { Loads } from '@pushfn/store/loads'
import type { Aliases } from './aliases.ts'
import type { Replicas } from './replicas.ts'
import type { RouteTable } from './route-table.ts'
import type { Scales } from './scale/function-scale.ts'
import type { settings } from './settings.ts'
import type { Turns } from './turns.ts'

/** What the controller's functions need while it leads. Made at the start of a leadership, gone with it. */
export interface ControllerContext {
  config: Configuration<typeof settings>
  log: Log
  db: Database
  bus: Bus
  engine: Engine
  gateways: Gateways
  loads: Loads
  aliases: Aliases
  replicas: Replicas
  /** How much of each alias shall run. */
  scales: Scales
  routes: RouteTable
  schedules: Schedules
  /** Opens tenants' secrets. */
  keyring: Keyring
  /** By alias: the values of its secrets with which the live revision did not get ready. */
  failedSecrets: Map<string, string>
  /** By alias: what moves it or its route waits for its turn, so that neither goes back. */
  inTurn: Turns
  /** Asks that the alias be looked at soon. */
  heal: (aliasId: string) => void
  /** Aborts when this process does not lead any more or stops. */
  signal: AbortSignal
}
