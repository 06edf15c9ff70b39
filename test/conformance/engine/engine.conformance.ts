import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type EngineUnderTest, type Harness, harnessOf } from './harness.ts'
import { isolationConformance } from './isolation.conformance.ts'
import { replicasConformance } from './replicas.conformance.ts'
import { sandboxConformance } from './sandbox.conformance.ts'
import { sleepConformance } from './sleep.conformance.ts'

/** What every engine driver must do, on the real thing. `name` is the driver's, `create` sets one up with two clouds. */
export const engineConformance = (name: string, create: () => Promise<EngineUnderTest>): void => {
  describe(`the ${name} engine`, () => {
    let made: Harness | undefined
    const harness = (): Harness => {
      if (!made) throw new Error('the engine under test is not there')
      return made
    }
    beforeAll(async () => {
      made = harnessOf(await create())
    }, 120_000)
    afterEach(() => made?.removeReplicas(), 30_000)
    afterAll(() => made?.dispose(), 60_000)

    test('it says its version when it answers', async () => {
      expect(await harness().engine.ping()).toMatch(/\d/)
    })

    describe('replicas', () => replicasConformance(harness))
    describe('sleep', () => sleepConformance(harness))
    describe('isolation', () => isolationConformance(harness))
    describe('the sandbox', () => sandboxConformance(harness))
  })
}
