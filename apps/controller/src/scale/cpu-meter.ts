import type { Engine, Replica } from '@pushfn/engine/engine'

/** Turns the CPU time that replicas have used into thousandths of a core. */
export interface CpuMeter {
  /**
   * What these replicas used together since they were measured last; undefined when none of them has been before. One that
   * cannot be read is left out.
   */
  measure(replicas: readonly Replica[], signal: AbortSignal): Promise<number | undefined>
}

export const openCpuMeter = (engine: Pick<Engine, 'usage'>): CpuMeter => {
  const readings = new Map<string, { atMs: number; cpuMs: number }>()
  return {
    measure: async (replicas, signal) => {
      let sum: number | undefined
      await Promise.all(
        replicas.map(async ({ id }) => {
          const usage = await engine.usage(id, signal).catch(() => undefined)
          if (!usage) return void readings.delete(id)
          const reading = { atMs: performance.now(), cpuMs: usage.cpuMs }
          const before = readings.get(id)
          readings.set(id, reading)
          // A replica that was started again counts from nought.
          if (!before || reading.cpuMs < before.cpuMs) return
          sum = (sum ?? 0) + ((reading.cpuMs - before.cpuMs) / (reading.atMs - before.atMs)) * 1_000
        }),
      )
      return sum
    },
  }
}
