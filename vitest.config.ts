import { defineConfig } from 'vitest/config'

// Packages of this workspace are tested from their sources, without a build in between; the rest is Vite's default.
const conditions = ['source', 'module', 'node', 'development|production']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: conditions } }

/** Stands beside the code like a unit test, and wants the engine. */
const NEEDS_DOCKER = 'deploy/local/src/base-images.test.ts'

/** What kills, restarts or counts on having the machine to itself. */
const ALONE = [
  'test/chaos/**/*.test.ts',
  'test/conformance/engine/**/*.test.ts',
  'test/conformance/gateway/{hold,limits,max-inflight,faults,processes}.test.ts',
  'test/conformance/gateway/async/{fairness,losses,schedules}.test.ts',
  'test/e2e/{canary,isolation}.test.ts',
  NEEDS_DOCKER,
]

/**
 * `unit`: tests beside the code, files side by side. `world`: what starts clouds of its own, two files side by side.
 * `storm`: one file after the other, at the end. All find the same PostgreSQL and Redis, started once for the run.
 */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: ['packages/**/src/**/*.test.ts', 'apps/**/src/**/*.test.ts', 'deploy/local/**/*.test.ts'],
          exclude: ['**/node_modules/**', NEEDS_DOCKER],
          globalSetup: ['deploy/local/src/vitest-servers.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'world',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/bench/**', ...ALONE],
          globalSetup: ['deploy/local/src/vitest-servers.ts', 'deploy/local/src/vitest-world.ts'],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'storm',
          include: ALONE,
          exclude: ['**/node_modules/**', 'test/bench/**'],
          globalSetup: ['deploy/local/src/vitest-servers.ts', 'deploy/local/src/vitest-world.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
