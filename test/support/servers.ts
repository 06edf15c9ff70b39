/** The real servers that the run's set-up started once for all tests. */
export interface TestServers {
  databaseUrl: string
  redisUrl: string
}

export const testServers = (): TestServers => {
  const { PUSHFN_TEST_DATABASE_URL: databaseUrl, PUSHFN_TEST_REDIS_URL: redisUrl } = process.env
  if (!databaseUrl || !redisUrl) throw new Error('no test servers: run the tests by vitest.config.ts')
  return { databaseUrl, redisUrl }
}
