import { setting } from './configuration.ts'
import { LOG_LEVELS } from './log.ts'

/** Settings that mean the same in every process that has them. */
export const commonSettings = {
  cloud: setting.text({
    env: 'PUSHFN_CLOUD',
    description: 'Name of this cloud: keeps several on one engine, Redis or database server apart.',
    default: 'pf',
  }),
  logLevel: setting.oneOf(
    { env: 'LOG_LEVEL', description: 'From which level on lines are logged.', default: 'info' },
    LOG_LEVELS,
  ),
  redisUrl: setting.url({
    env: 'REDIS_URL',
    description: 'Redis: queues, build streams, routes. `redis://host:6379/0`',
  }),
  databaseUrl: setting.url({
    env: 'DATABASE_URL',
    description: 'PostgreSQL: the truth. `postgresql://user:password@host:5432/db`',
  }),
  functionsUrl: setting.url({
    env: 'FUNCTIONS_URL',
    description: 'Where functions answer; a tenant is a label in front of its host.',
    default: 'http://fn.localhost:8080',
  }),
  consoleUrl: setting.url({
    env: 'CONSOLE_URL',
    description: 'Where console, API and Git answer; a site other than the functions’.',
    default: 'http://console.localhost:8080',
  }),
  secret: setting.secret({
    env: 'PUSHFN_SECRET',
    description: 'Signs what the apps say to one another (checkout tokens); 32 random bytes in hex.',
  }),
}
