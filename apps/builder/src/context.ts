import type { Forges } from '@pushfn/forge/forges'
import type { Configuration } from '@pushfn/kit/configuration'
import type { Keyring } from '@pushfn/kit/envelope'
import type { Log } from '@pushfn/kit/log'
import type { SigningKey } from '@pushfn/kit/signing-key'
import type { CloudUrls } from '@pushfn/model/urls'
import type { Bus } from '@pushfn/store/bus'
import type { Database } from '@pushfn/store/database'
import type Docker from 'dockerode'
import type { settings } from './settings.ts'
import type { StackParser } from './stack-parser.ts'

/** What the builder's functions need of the process they run in. Made once in `main.ts`. */
export interface BuilderContext {
  config: Configuration<typeof settings>
  log: Log
  db: Database
  bus: Bus
  docker: Docker
  forges: Forges
  stackParser: StackParser
  urls: CloudUrls
  /** Signs what is said of images. */
  signingKey: SigningKey
  /** Opens sealed secrets, to see that they open. */
  keyring: Keyring
  /** Names this process as the holder of leases. */
  owner: string
  /** Aborts when the process is to stop: builds are handed back. */
  stopping: AbortSignal
}
