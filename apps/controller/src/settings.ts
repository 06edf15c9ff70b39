import { commonSettings } from '@pushfn/kit/common-settings'
import { setting } from '@pushfn/kit/configuration'
import { keyringSettings } from '@pushfn/kit/keyring-settings'
import { registrySettings } from '@pushfn/kit/registry-settings'

const { cloud, logLevel, redisUrl, databaseUrl } = commonSettings

/** What the controller reads from its environment. */
export const settings = {
  cloud,
  logLevel,
  redisUrl,
  databaseUrl,
  healthHost: setting.text({ env: 'HEALTH_HOST', description: 'Address of health and metrics.', default: '127.0.0.1' }),
  healthPort: setting.port({
    env: 'CONTROLLER_HEALTH_PORT',
    description: 'Port of health and metrics.',
    default: '8084',
  }),
  dockerSocket: setting.text({
    env: 'DOCKER_SOCKET',
    description: 'Socket of the Docker Engine that runs functions.',
    default: '/var/run/docker.sock',
  }),
  ...registrySettings,
  ...keyringSettings,
  secretsDir: setting.text({
    env: 'SECRETS_DIR',
    description:
      'Folder of a tmpfs where the files of functions’ secrets are; this process and the Docker Engine find it at the same path.',
    default: '/dev/shm',
  }),
  runtime: setting.optionalText({
    env: 'CONTAINER_RUNTIME',
    description: 'Runtime of the engine that functions run under, `runsc` for gVisor; none: the engine’s own.',
  }),
  networkPool: setting.text({
    env: 'NETWORK_POOL',
    description: 'Addresses that tenants’ networks are cut from.',
    default: '10.208.0.0/12',
  }),
  networkBits: setting.integer(
    {
      env: 'NETWORK_BITS',
      description:
        'Size of one tenant’s network: 22 has room for 1021 replicas, those that a deploy starts beside the old ones among them. For networks that are made from now on.',
      default: '22',
    },
    { min: 16, max: 28 },
  ),
  isIsolated: setting.flag({
    env: 'ISOLATE_TENANTS',
    description:
      'Whether firewall rules keep functions from the host, private networks and each other; needs iptables and root.',
    default: 'true',
  }),
  egress: setting.oneOf(
    {
      env: 'EGRESS',
      description: 'What functions may reach: the `internet` (no private address) or `none`.',
      default: 'internet',
    },
    ['internet', 'none'],
  ),
  buildsMayReach: setting.list({
    env: 'BUILDS_MAY_REACH',
    description:
      'Private networks that builds may reach, with commas (`10.1.2.0/24`), for a mirror of packages; else only the internet.',
  }),
  hostPorts: setting.list({
    env: 'FUNCTIONS_MAY_CALL_PORTS',
    description:
      'Ports of this host that functions may call, with commas: the gateway’s, so that they can call one another.',
  }),
  readyLimitMs: setting.integer(
    {
      env: 'READY_LIMIT_MS',
      description: 'Milliseconds in which a new replica must answer its readiness check.',
      default: '60000',
    },
    { min: 500, max: 3_600_000 },
  ),
  resyncMs: setting.integer(
    { env: 'RESYNC_MS', description: 'Milliseconds between two looks at everything, bells or not.', default: '5000' },
    { min: 200, max: 600_000 },
  ),
  stopGraceMs: setting.integer(
    { env: 'STOP_GRACE_MS', description: 'Milliseconds between SIGTERM and SIGKILL for a replica.', default: '10000' },
    { min: 0, max: 600_000 },
  ),
  stableWindowMs: setting.integer(
    {
      env: 'SCALE_STABLE_WINDOW_MS',
      description: 'Milliseconds over which a function’s load is averaged, and before which it does not shrink.',
      default: '60000',
    },
    { min: 1_000, max: 3_600_000 },
  ),
  panicWindowMs: setting.integer(
    {
      env: 'SCALE_PANIC_WINDOW_MS',
      description: 'Milliseconds over which a load is averaged that wants twice the replicas there are.',
      default: '6000',
    },
    { min: 200, max: 600_000 },
  ),
  commitIdleMs: setting.integer(
    {
      env: 'COMMIT_IDLE_MS',
      description: 'Milliseconds without a call after which what runs under a commit’s own URL is removed.',
      default: '60000',
    },
    { min: 1_000, max: 3_600_000 },
  ),
  keepRevisions: setting.integer(
    {
      env: 'KEEP_REVISIONS',
      description:
        'Revisions of each function that stay after they were live, with their images and commits’ URLs: how far a rollback goes back.',
      default: '10',
    },
    { min: 1, max: 1_000 },
  ),
  sweepMs: setting.integer(
    {
      env: 'SWEEP_MS',
      description: 'Milliseconds between two looks for revisions, images and aliases that are not kept any more.',
      default: '60000',
    },
    { min: 500, max: 86_400_000 },
  ),
  maxBodyBytes: setting.integer(
    {
      env: 'MAX_BODY_BYTES',
      description: 'Bytes that the body of a request to a function may have.',
      default: '104857600',
    },
    { min: 1_024, max: 1_099_511_627_776 },
  ),
  maxHeldCalls: setting.integer(
    {
      env: 'MAX_HELD_CALLS',
      description: 'Calls of one function that each gateway process holds while no replica can take them.',
      default: '1000',
    },
    { min: 1, max: 1_000_000 },
  ),
  maxHeldMs: setting.integer(
    { env: 'MAX_HELD_MS', description: 'Milliseconds for which a call is held, at most.', default: '30000' },
    { min: 100, max: 3_600_000 },
  ),
}
