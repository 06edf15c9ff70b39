import type { Trace } from './build-trace.ts'

export interface ProgressWatch extends Disposable {
  /** BuildKit told of something. */
  heard(trace: Trace | undefined): void
}

/**
 * Calls `onStuck` when BuildKit tells nothing for so long while it does nothing that may take its time in silence: no RUN of
 * a Dockerfile. Builds share the steps that they have in common, so one that waits for ever may hold others, until all of
 * them leave.
 */
export const watchProgress = (limitMs: number, onStuck: () => void): ProgressWatch => {
  const running = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    clearTimeout(timer)
    timer = running.size > 0 ? undefined : setTimeout(onStuck, limitMs)
  }
  again()
  return {
    heard: (trace) => {
      for (const { digest, name, started, completed } of trace?.vertexes ?? []) {
        if (started && !completed && /\] RUN /.test(name)) running.add(digest)
        else running.delete(digest)
      }
      again()
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
