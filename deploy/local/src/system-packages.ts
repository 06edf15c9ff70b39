import { accessSync, constants } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { SetupError } from '../stage.mjs'
import { runCommand } from './run-command.ts'

/** A program we need and the Debian package that has it. */
export interface SystemPackage {
  program: string
  debian: string
}

export const DOCKER: SystemPackage = { program: 'dockerd', debian: 'docker.io' }
export const IPTABLES: SystemPackage = { program: 'iptables', debian: 'iptables' }
export const IPROUTE: SystemPackage = { program: 'ip', debian: 'iproute2' }
export const REDIS: SystemPackage = { program: 'redis-server', debian: 'redis-server' }
export const DEBOOTSTRAP: SystemPackage = { program: 'debootstrap', debian: 'debootstrap' }
export const REGISTRY: SystemPackage = { program: 'docker-registry', debian: 'docker-registry' }
export const CHROMIUM: SystemPackage = { program: 'chromium', debian: 'chromium' }
export const CADDY: SystemPackage = { program: 'caddy', debian: 'caddy' }
export const NGINX: SystemPackage = { program: 'nginx', debian: 'nginx-light' }
export const WRK: SystemPackage = { program: 'wrk', debian: 'wrk' }

const INSTALL_TIMEOUT_MS = 600_000
// `apt-get` waits for another one instead of failing.
const APT = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2']
/** Debian's maintainer scripts ask this program whether they may start a service; exit code 101 is no. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d'
const NO_SERVICES = '#!/bin/sh\n# Put here by Pushfn while it installs packages.\nexit 101\n'

/**
 * Installs those that are not there. With Debian's apt and as root only; elsewhere it throws SetupError with the line
 * that says what to install. Nothing that is there is upgraded, and no service is started.
 */
export const installSystemPackages = async (packages: readonly SystemPackage[]): Promise<void> => {
  const missing = packages.filter(({ program }) => findProgram(program) === undefined)
  if (missing.length === 0) return
  const names = missing.map(({ debian }) => debian)
  const isOurs = process.getuid?.() === 0 && findProgram('apt-get') !== undefined
  if (!isOurs) throw new SetupError(`Please install ${names.join(', ')} first: sudo apt-get install ${names.join(' ')}`)
  await using _ = await forbidServices()
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = () =>
    runCommand('apt-get', ['install', ...APT, '--no-install-recommends', ...names], {
      env,
      timeoutMs: INSTALL_TIMEOUT_MS,
    })
  try {
    await install()
  } catch {
    // The lists of packages are missing or too old: that is how a fresh machine looks.
    await runCommand('apt-get', ['update', ...APT], { env, timeoutMs: INSTALL_TIMEOUT_MS })
    await install()
  }
}

/** We run our own Redis and Docker: none of the system's shall take the usual ports. A policy that is there stays. */
const forbidServices = async (): Promise<AsyncDisposable> => {
  const before = await readFile(SERVICE_POLICY, 'utf8').catch(() => undefined)
  const isOurs = before === undefined || before === NO_SERVICES
  if (isOurs) await writeFile(SERVICE_POLICY, NO_SERVICES, { mode: 0o755 })
  return {
    [Symbol.asyncDispose]: async () => {
      if (isOurs) await rm(SERVICE_POLICY, { force: true })
    },
  }
}

/** Absolute path of a program on PATH or in the system's own folders (not on every user's PATH), undefined when absent. */
export const findProgram = (name: string): string | undefined => {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
