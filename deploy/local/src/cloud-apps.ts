import { join } from 'node:path'
import { findFreePort, isPortTaken } from './free-port.ts'
import type { App } from './processes.ts'
import { repositoryRoot } from './repository-root.ts'

export interface CloudSettings {
  /** Its name: keeps several on one engine, Redis and database server apart. */
  cloud: string
  /** The one public port. */
  port: number
  databaseUrl: string
  redisUrl: string
  /** 32 bytes in hex. */
  secret: string
  operatorToken: string
  dockerSocket: string
  baseImage: string
  /** For repositories and checkouts. */
  dataDir: string
}

export const consoleUrlOf = (port: number): string => `http://console.localhost:${port}`
export const functionUrlOf = (port: number, tenant: string, name: string): string =>
  `http://${tenant}.fn.localhost:${port}/${name}`

/**
 * The apps of one cloud on this machine with the environment each reads, in the order they are started in. Whatever our
 * own environment says besides (GITHUB_APP_ID, LOG_LEVEL, …) is handed on. Ports other than the public one are the usual
 * ones where nobody has them.
 */
export const cloudApps = async (settings: CloudSettings): Promise<App[]> => {
  const [api, builder, controller, gatewayAdmin] = await Promise.all([8081, 8083, 8084, 8090].map(freePortLike))
  const env: NodeJS.ProcessEnv = {
    TENANTS: 'listed',
    GATEWAY_HOST: '127.0.0.1',
    ...process.env,
    PUSHFN_CLOUD: settings.cloud,
    DATABASE_URL: settings.databaseUrl,
    REDIS_URL: settings.redisUrl,
    PUSHFN_SECRET: settings.secret,
    FUNCTIONS_URL: `http://fn.localhost:${settings.port}`,
    CONSOLE_URL: consoleUrlOf(settings.port),
    OPERATOR_TOKEN: settings.operatorToken,
    DOCKER_SOCKET: settings.dockerSocket,
    BASE_IMAGE: settings.baseImage,
    DATA_DIR: join(settings.dataDir, 'data'),
    API_HOST: '127.0.0.1',
    API_PORT: String(api),
    API_URL: `http://127.0.0.1:${api}`,
    GATEWAY_PORT: String(settings.port),
    GATEWAY_ADMIN_PORT: String(gatewayAdmin),
    BUILDER_HEALTH_PORT: String(builder),
    CONTROLLER_HEALTH_PORT: String(controller),
  }
  const ports = { api, builder, controller, gateway: gatewayAdmin }
  return Object.entries(ports).map(([name, port]) => ({
    name,
    main: join(repositoryRoot, 'apps', name, 'dist/main.js'),
    env,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  }))
}

const freePortLike = async (usual: number): Promise<number> => ((await isPortTaken(usual)) ? findFreePort() : usual)
