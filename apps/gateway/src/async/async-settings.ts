import { setting } from '@pushfn/kit/configuration'

/** What the gateway can be told about async calls. */
export const asyncSettings = {
  secret: setting.optionalSecret({
    env: 'PUSHFN_SECRET',
    description:
      'What tenants’ callback keys are made of, the same for all apps; none: calls with X-Callback-Url are refused.',
  }),
  asyncMaxBodyBytes: setting.integer(
    { env: 'ASYNC_MAX_BODY_BYTES', description: 'Bytes that the body of an async call may have.', default: '1048576' },
    { min: 0, max: 67_108_864 },
  ),
  asyncMaxTenantBytes: setting.integer(
    {
      env: 'ASYNC_MAX_TENANT_BYTES',
      description: 'Bytes of Redis’ memory that one tenant’s async calls may take; further ones get 429.',
      default: '268435456',
    },
    { min: 1_024, max: 1_099_511_627_776 },
  ),
  asyncConcurrency: setting.integer(
    { env: 'ASYNC_CONCURRENCY', description: 'Async calls that one gateway runs at once.', default: '1024' },
    { min: 1, max: 10_000 },
  ),
  asyncTenantConcurrency: setting.integer(
    {
      env: 'ASYNC_TENANT_CONCURRENCY',
      description:
        'Of these, how many one tenant’s calls may be at most; half of both is kept for those who come later.',
      default: '512',
    },
    { min: 1, max: 10_000 },
  ),
  asyncDefaultRetries: setting.integer(
    {
      env: 'ASYNC_DEFAULT_RETRIES',
      description: 'Tries of an async call after the first when it does not say X-Max-Retries.',
      default: '10',
    },
    { min: 0, max: 100 },
  ),
  asyncMaxRetries: setting.integer(
    { env: 'ASYNC_MAX_RETRIES', description: 'The most that X-Max-Retries may be.', default: '100' },
    { min: 0, max: 1_000 },
  ),
  asyncRetryBaseMs: setting.integer(
    {
      env: 'ASYNC_RETRY_BASE_MS',
      description: 'Milliseconds before the second try of an async call; twice as long before each further one.',
      default: '1000',
    },
    { min: 1, max: 300_000 },
  ),
  asyncMaxDelaySeconds: setting.integer(
    { env: 'ASYNC_MAX_DELAY_SECONDS', description: 'The most that X-Delay-Seconds may be.', default: '604800' },
    { min: 0, max: 31_536_000 },
  ),
  asyncMaxRunMs: setting.integer(
    {
      env: 'ASYNC_MAX_RUN_MS',
      description: 'Milliseconds that one try of an async call may take, to the last byte of its answer.',
      default: '3600000',
    },
    { min: 1_000, max: 86_400_000 },
  ),
  asyncMaxResultBytes: setting.integer(
    {
      env: 'ASYNC_MAX_RESULT_BYTES',
      description: 'Bytes of an async call’s answer that are kept and sent to callbacks; the rest is dropped.',
      default: '1048576',
    },
    { min: 0, max: 67_108_864 },
  ),
  asyncResultSeconds: setting.integer(
    { env: 'ASYNC_RESULT_SECONDS', description: 'Seconds for which is kept how a call ended.', default: '3600' },
    { min: 1, max: 2_592_000 },
  ),
  asyncDeadLetterSeconds: setting.integer(
    { env: 'ASYNC_DEAD_LETTER_SECONDS', description: 'Seconds for which a dead call is kept.', default: '604800' },
    { min: 1, max: 31_536_000 },
  ),
  asyncDeadLetters: setting.integer(
    { env: 'ASYNC_DEAD_LETTERS', description: 'Dead calls that are kept of one function.', default: '1000' },
    { min: 0, max: 100_000 },
  ),
  asyncCallbackNetworks: setting.list({
    env: 'ASYNC_CALLBACK_NETWORKS',
    description:
      'Networks that callbacks may go to besides the public internet, with commas: `10.1.2.0/24`. Functions can make the gateway call them.',
  }),
}
