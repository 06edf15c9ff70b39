import { commonSettings } from '@pushfn/kit/common-settings'
import { setting } from '@pushfn/kit/configuration'
import { giteaSettings } from '@pushfn/kit/gitea-settings'
import { githubSettings } from '@pushfn/kit/github-settings'
import { gitlabSettings } from '@pushfn/kit/gitlab-settings'
import { keyringSettings } from '@pushfn/kit/keyring-settings'
import { registrySettings } from '@pushfn/kit/registry-settings'

/** What the builder reads from its environment. */
export const settings = {
  ...commonSettings,
  ...githubSettings,
  ...gitlabSettings,
  ...giteaSettings,
  ...keyringSettings,
  healthHost: setting.text({ env: 'HEALTH_HOST', description: 'Address of health and metrics.', default: '127.0.0.1' }),
  healthPort: setting.port({ env: 'BUILDER_HEALTH_PORT', description: 'Port of health and metrics.', default: '8083' }),
  dataDir: setting.text({ env: 'DATA_DIR', description: 'Folder of checkouts while they are built.' }),
  apiUrl: setting.url({
    env: 'API_URL',
    description: 'The api, from where repositories of the builtin forge are fetched.',
    default: 'http://127.0.0.1:8081',
  }),
  dockerSocket: setting.text({
    env: 'DOCKER_SOCKET',
    description: 'Socket of the Docker Engine that builds.',
    default: '/var/run/docker.sock',
  }),
  baseImage: setting.text({
    env: 'BASE_IMAGE',
    description: 'The image that the templates stand on.',
    default: 'pushfn/base:latest',
  }),
  allowedImages: setting.list({
    env: 'ENGINE_IMAGES',
    description:
      'Images of the builder’s engine that Dockerfiles of tenants may stand on though no registry has them, beside BASE_IMAGE.',
  }),
  registry: setting.optionalText({
    env: 'REGISTRY',
    description: 'Registry that images are pushed to, `host:port/prefix`; none: they stay on the engine.',
  }),
  ...registrySettings,
  concurrency: setting.integer(
    { env: 'BUILDS_AT_ONCE', description: 'Builds that this builder runs at once.', default: '4' },
    { min: 1, max: 64 },
  ),
  rebuildsAtOnce: setting.integer(
    { env: 'REBUILDS_AT_ONCE', description: 'Builds of a rebuild that run at once, over all builders.', default: '1' },
    { min: 1, max: 64 },
  ),
  functionsAtOnce: setting.integer(
    { env: 'FUNCTIONS_AT_ONCE', description: 'Functions of one stack that are built at once.', default: '4' },
    { min: 1, max: 64 },
  ),
  buildLimitMs: setting.integer(
    { env: 'BUILD_LIMIT_MS', description: 'Milliseconds that one build may take in all.', default: '900000' },
    { min: 1_000, max: 86_400_000 },
  ),
  buildMemoryMiB: setting.integer(
    { env: 'BUILD_MEMORY', description: 'Mebibytes of memory that one step of a build may take.', default: '2048' },
    { min: 64, max: 1_048_576 },
  ),
  buildProcesses: setting.integer(
    {
      env: 'BUILD_PROCESSES',
      description: 'Processes and threads that one step of a build may have.',
      default: '1024',
    },
    { min: 16, max: 32_768 },
  ),
  buildCpus: setting.integer(
    { env: 'BUILD_CPUS', description: 'Cores that one step of a build may use; 0: all there are.', default: '0' },
    { min: 0, max: 1_024 },
  ),
  buildLogBytes: setting.integer(
    { env: 'BUILD_LOG_BYTES', description: 'Bytes of log that are kept of one function’s build.', default: '1048576' },
    { min: 1_024, max: 104_857_600 },
  ),
  caFile: setting.optionalText({
    env: 'GIT_SSL_CAINFO',
    description: 'PEM file of certificate authorities that git trusts instead of the system’s.',
  }),
  checkoutLimitMs: setting.integer(
    { env: 'CHECKOUT_LIMIT_MS', description: 'Milliseconds that a checkout may take.', default: '120000' },
    { min: 1_000, max: 3_600_000 },
  ),
  checkoutBytes: setting.integer(
    { env: 'CHECKOUT_BYTES', description: 'Bytes that a checkout’s files may have in all.', default: '268435456' },
    { min: 1_024, max: 10_737_418_240 },
  ),
  checkoutFiles: setting.integer(
    { env: 'CHECKOUT_FILES', description: 'Files that a checkout may have.', default: '20000' },
    { min: 1, max: 1_000_000 },
  ),
  isDockerfileAllowed: setting.flag({
    env: 'ALLOW_DOCKERFILE',
    description: 'Whether `lang: dockerfile`, a tenant’s own Dockerfile, is allowed.',
    default: 'true',
  }),
  areOwnTemplatesAllowed: setting.flag({
    env: 'ALLOW_OWN_TEMPLATES',
    description: 'Whether a repository’s own `template/` folder and `configuration.templates` are allowed.',
    default: 'true',
  }),
  statusPrefix: setting.optionalText({
    env: 'STATUS_PREFIX',
    description: 'Put in front of the contexts of commit statuses, so that two clouds can report on one commit.',
  }),
  reportAfterMs: setting.integer(
    {
      env: 'REPORT_AFTER_MS',
      description: 'Milliseconds that “building” waits before a forge is told: what is live by then is told of once.',
      default: '2000',
    },
    { min: 0, max: 60_000 },
  ),
  areDeploymentsRecorded: setting.flag({
    env: 'FORGE_DEPLOYMENTS',
    description: 'Whether deployments are recorded at forges that know such a thing, as GitHub’s environments.',
    default: 'true',
  }),
  deployLimitMs: setting.integer(
    {
      env: 'DEPLOY_LIMIT_MS',
      description: 'Milliseconds a release waits for the controller in all.',
      default: '600000',
    },
    { min: 1_000, max: 3_600_000 },
  ),
}
