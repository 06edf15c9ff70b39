import type { TotalLoad } from '@pushfn/store/loads'
import type { RevisionState, WantedState } from '@pushfn/store/wanted'
import type { ControllerContext } from '../context.ts'
import { usableReplicas } from '../live-replicas.ts'
import { pause } from '../pause.ts'
import { liveRouteKey } from '../route-table.ts'
import { isUncalled } from '../uncalled.ts'
import { wake } from '../wake.ts'
import { named } from '../workload.ts'
import { type CpuMeter, openCpuMeter } from './cpu-meter.ts'
import { decide } from './decide.ts'
import { type FunctionScale, leastReplicas } from './function-scale.ts'
import { deeper, sleepDepth } from './sleep-depth.ts'

const TICK_MS = 1_000
/** Reports out of turn make it look sooner, but not more often than this. */
const LEAST_TICK_MS = 50

/**
 * Looks at the load of every alias each second, and at once when a gateway has no time to wait, and changes how much of
 * it shall run. It decides and asks for healing; it touches no replica itself.
 */
export const autoscale = async (context: ControllerContext): Promise<void> => {
  const { signal } = context
  const meter = openCpuMeter(context.engine)
  let haste = new AbortController()
  context.loads.onHaste(() => haste.abort())
  signal.addEventListener('abort', () => haste.abort(), { once: true })
  let lastMs = performance.now()
  while (!signal.aborted) {
    await pause(LEAST_TICK_MS, signal)
    await pause(TICK_MS - LEAST_TICK_MS, haste.signal)
    haste = new AbortController()
    const load = context.loads.take(await context.gateways.alive())
    const nowMs = performance.now()
    await tick(context, { load, meter, nowMs, forMs: nowMs - lastMs }).catch((err) => {
      if (!signal.aborted) context.log.warn({ err }, 'scaling failed; it is tried again')
    })
    lastMs = nowMs
  }
}

interface Look {
  load: ReadonlyMap<string, TotalLoad> | undefined
  meter: CpuMeter
  nowMs: number
  forMs: number
}

const tick = async (context: ControllerContext, look: Look): Promise<void> => {
  if (look.load) wakeUncalled(context, look.load)
  for (const state of context.aliases.all()) {
    const { live } = state
    if (!live || state.isRemoved || live.state !== 'live') continue
    if (isUncalled(context, state)) continue
    const scale = context.scales.of(state)
    const load = look.load?.get(liveRouteKey(state))
    if (scale.depth === 'awake') await scaleAwake(context, state, live, { ...look, load: look.load && (load ?? NONE) })
    else if (load && isAtWork(load)) void wakeUp(context, state)
    else if (look.load) sleepOn(context, state, live, scale, look.nowMs)
  }
}

/** What nobody has called yet is looked at when there is a load, and else never. */
const wakeUncalled = (context: ControllerContext, load: ReadonlyMap<string, TotalLoad>): void => {
  for (const [key, total] of load) {
    const state = context.aliases.find(key)
    if (state && isUncalled(context, state) && isAtWork(total)) void wakeUp(context, state)
  }
}

const NONE: TotalLoad = { concurrency: 0, callsPerSecond: 0, held: 0, queued: 0 }

/**
 * Work at a function that sleeps: calls that wait for it in a queue, or a call that slipped in before its replica was paused.
 * What a gateway refuses at once (no token, too many) is over in no time and wakes nobody.
 */
const isAtWork = ({ concurrency, held, queued }: TotalLoad): boolean => held > 0 || queued > 0 || concurrency >= 0.5

const wakeUp = (context: ControllerContext, state: WantedState): Promise<void> =>
  wake(context, state).catch((err) => {
    if (!context.signal.aborted) context.log.warn({ err, ...named(state) }, 'waking failed')
  })

const scaleAwake = async (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
  { load, meter, nowMs, forMs }: Omit<Look, 'load'> & { load: TotalLoad | undefined },
): Promise<void> => {
  const scale = context.scales.of(state)
  const { scale: spec } = live.spec
  // Nobody knows: it may be busy, and it keeps what it has.
  if (!load || load.concurrency > 0 || load.callsPerSecond > 0 || load.queued > 0) scale.busyAtMs = nowMs
  if (!load) return
  if (scale.fall(sleepDepth(nowMs - scale.busyAtMs, spec), leastReplicas(spec))) {
    return context.heal(state.aliasId)
  }
  const value = await measured(context, state, live, { load, meter })
  if (value !== undefined) scale.history.add({ atMs: nowMs, forMs, value })
  const windows = { stableMs: context.config.stableWindowMs, panicMs: context.config.panicWindowMs }
  const windowed = {
    stable: scale.history.average(windows.stableMs, nowMs),
    panic: scale.history.average(windows.panicMs, nowMs),
  }
  const before = scale.memory.replicas
  scale.memory = decide(scale.memory, windowed, spec, { nowMs, windows })
  if (scale.memory.replicas === before) return
  const about = { ...named(state), from: before, to: scale.memory.replicas }
  context.log.info({ ...about, ...windowed }, 'scaling')
  context.heal(state.aliasId)
}

/** The load in the unit of the target. Calls that wait in the async queue want room as those under way have it. */
const measured = async (
  context: ControllerContext,
  state: WantedState,
  live: RevisionState,
  { load, meter }: { load: TotalLoad; meter: CpuMeter },
): Promise<number | undefined> => {
  switch (live.spec.scale.type) {
    case 'concurrency':
      return load.concurrency + load.queued
    case 'rps':
      return load.callsPerSecond + load.queued
    case 'cpu':
      return meter.measure(usableReplicas(context, state, live), context.signal)
  }
}

/** A function that is asleep and falls deeper. */
const sleepOn = (
  context: ControllerContext,
  state: WantedState,
  { spec }: RevisionState,
  scale: FunctionScale,
  nowMs: number,
): void => {
  // First the one depth, then the next.
  if (scale.isFallingAsleep) return
  const depth = deeper(scale.depth, sleepDepth(nowMs - scale.busyAtMs, spec.scale))
  if (scale.fall(depth, leastReplicas(spec.scale))) context.heal(state.aliasId)
}
