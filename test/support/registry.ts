import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBoundProcess } from '@pushfn/local/bound-process'
import { findFreePort } from '@pushfn/local/free-port'
import { findProgram, installSystemPackages, REGISTRY } from '@pushfn/local/system-packages'

/** A real registry on loopback, which lets in one user and keeps its images in a folder that goes with it. */
export interface OwnRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string
  readonly user: string
  readonly password: string
}

const USER = 'pushfn'
const PASSWORD = 'a password for tests'
/** What `htpasswd -B` makes of the two. */
const HTPASSWD = 'pushfn:$2y$05$cXbblKxi5I.EEv5pyk2tk./GPq6VESWwPrYOiO6NXmdsPqC7ujFuS'

export const startRegistry = async (): Promise<OwnRegistry> => {
  await installSystemPackages([REGISTRY])
  const dir = await mkdtemp(join(tmpdir(), 'pushfn-registry-'))
  const host = `127.0.0.1:${await findFreePort()}`
  const config = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: join(dir, 'data') } },
    http: { addr: host },
    auth: { htpasswd: { realm: 'tests', path: join(dir, 'htpasswd') } },
  }
  // JSON is YAML.
  await writeFile(join(dir, 'config.yml'), JSON.stringify(config))
  await writeFile(join(dir, 'htpasswd'), `${HTPASSWD}\n`)
  const program = findProgram(REGISTRY.program) ?? REGISTRY.program
  const server = await startBoundProcess(program, ['serve', join(dir, 'config.yml')], { logPath: join(dir, 'log') })
  for (let tries = 0; tries < 400; tries += 1) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined)
    if (answer?.status === 401) break
    await sleep(50)
  }
  return {
    host,
    user: USER,
    password: PASSWORD,
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
