import { commonSettings } from '@pushfn/kit/common-settings'
import { type Configuration, setting } from '@pushfn/kit/configuration'
import { asyncSettings } from './async/async-settings.ts'

/** Everything the gateway can be told. Nothing here is per function: that comes with the route. */
export const settings = {
  cloud: commonSettings.cloud,
  logLevel: commonSettings.logLevel,
  redisUrl: commonSettings.redisUrl,
  functionsUrl: commonSettings.functionsUrl,
  consoleUrl: commonSettings.consoleUrl,
  apiUrl: setting.url({
    env: 'API_URL',
    description: 'Where the gateway reaches the api; the console’s host is forwarded there.',
    default: 'http://127.0.0.1:8081',
  }),
  host: setting.text({
    env: 'GATEWAY_HOST',
    description: 'Address the gateway listens on for callers.',
    default: '0.0.0.0',
  }),
  port: setting.port({ env: 'GATEWAY_PORT', description: 'Port for callers.', default: '8080' }),
  processes: setting.integer(
    {
      env: 'GATEWAY_PROCESSES',
      description: 'Processes that serve callers, beside the one that watches over them; 0: one for each core.',
      default: '0',
    },
    { min: 0, max: 256 },
  ),
  adminHost: setting.text({
    env: 'GATEWAY_ADMIN_HOST',
    description: 'Address of the gateway’s health and metrics; never the public one.',
    default: '127.0.0.1',
  }),
  adminPort: setting.port({
    env: 'GATEWAY_ADMIN_PORT',
    description: 'Port of the gateway’s health and metrics.',
    default: '8090',
  }),
  trustedProxies: setting.list({
    env: 'TRUSTED_PROXIES',
    description: 'Addresses and networks, with commas, whose X-Forwarded-* headers are believed: `10.0.0.0/8,::1`.',
  }),
  headerTimeoutMs: setting.integer(
    {
      env: 'GATEWAY_HEADER_TIMEOUT_MS',
      description: 'Milliseconds in which a caller must have sent a request’s headers.',
      default: '15000',
    },
    { min: 100, max: 600_000 },
  ),
  keepAliveTimeoutMs: setting.integer(
    {
      env: 'GATEWAY_KEEP_ALIVE_TIMEOUT_MS',
      description:
        'Milliseconds for which a caller’s idle connection is kept; longer than a load balancer in front keeps it.',
      default: '75000',
    },
    { min: 100, max: 3_600_000 },
  ),
  maxHeaderBytes: setting.integer(
    {
      env: 'GATEWAY_MAX_HEADER_BYTES',
      description: 'Bytes that request line and headers may have together.',
      default: '32768',
    },
    { min: 1024, max: 1_048_576 },
  ),
  maxConnections: setting.integer(
    { env: 'GATEWAY_MAX_CONNECTIONS', description: 'Callers’ connections held at once.', default: '20000' },
    { min: 1, max: 1_000_000 },
  ),
  maxConnectionsPerEndpoint: setting.integer(
    {
      env: 'GATEWAY_MAX_CONNECTIONS_PER_ENDPOINT',
      description: 'Connections to one replica at once; further requests wait in line, ten times as many at most.',
      default: '512',
    },
    { min: 1, max: 100_000 },
  ),
  tenantRequestsPerSecond: setting.integer(
    {
      env: 'TENANT_REQUESTS_PER_SECOND',
      description:
        'Requests a second to all functions of one tenant, over all gateways; 0: no limit. Operators can give a tenant others.',
      default: '0',
    },
    { min: 0, max: 1_000_000 },
  ),
  tenantConcurrentRequests: setting.integer(
    {
      env: 'TENANT_CONCURRENT_REQUESTS',
      description:
        'Requests under way at once to all functions of one tenant, over all gateways; 0: no limit. Operators can give a tenant others.',
      default: '0',
    },
    { min: 0, max: 1_000_000 },
  ),
  maxHeld: setting.integer(
    {
      env: 'GATEWAY_MAX_HELD',
      description: 'Requests that one process holds at once while functions wake or are busy; further ones get 503.',
      default: '10000',
    },
    { min: 0, max: 1_000_000 },
  ),
  stopTimeoutMs: setting.integer(
    {
      env: 'GATEWAY_STOP_TIMEOUT_MS',
      description: 'Milliseconds that requests in flight get to finish when the gateway is stopped.',
      default: '30000',
    },
    { min: 0, max: 55_000 },
  ),
  ...asyncSettings,
}

export type GatewayConfiguration = Configuration<typeof settings>
