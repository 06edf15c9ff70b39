import type { CanarySight } from '@pushfn/model/api-canaries'
import { CanaryRules, CanarySteps } from '@pushfn/model/canary-rules'
import { compareCanary, p95Of, type SplitCounts } from '@pushfn/model/compare-canary'
import { noCounts, type SideCounts } from '@pushfn/model/side-counts'
import { promoteCanary } from '@pushfn/store/canaries'
import { type CanaryEnd, canaryFate, isServing } from '@pushfn/store/canary-fate'
import {
  endSeenCanary,
  factsOf,
  noteSight,
  type RunningCanary,
  runningCanaries,
  turnCanary,
} from '@pushfn/store/canary-rows'
import { splitId } from '@pushfn/store/canary-split'
import type { ControllerContext } from '../context.ts'
import { pause } from '../pause.ts'
import { CanaryWindow } from './canary-window.ts'
import { nextStep } from './next-step.ts'
import { hasRoom, makeRoomAtLive } from './room.ts'

const LOOK_EVERY_MS = 1_000
/** What is seen is written down for those who ask, and so often is enough for them. */
const NOTE_EVERY_MS = 2_000
/** A canary whose replicas cannot be brought up in that time has its calls all the same. */
const ROOM_LIMIT_MS = 30_000

type LookAt = (functionId: string) => void

/**
 * Looks at each canary every second, until the leadership ends: lets it have its calls once it answers, takes them back when it
 * is worse than what is live, and gives it more when it is as good and its time has come. What must not come late
 * does not wait for this: a wish for `live` ends the split by itself (`splitOf`), and gateways have live for what a canary cannot take.
 */
export const watchCanaries = async (context: ControllerContext, lookAt: LookAt): Promise<void> => {
  const { signal, log, loads } = context
  const watches = new Map<string, Watch>()
  while (!signal.aborted) {
    await pause(LOOK_EVERY_MS, signal)
    if (signal.aborted) return
    const failed = (err: unknown) => {
      if (!signal.aborted) log.warn({ err }, 'a canary could not be looked at; it is tried again')
    }
    const canaries = await runningCanaries(context.db).catch(failed)
    if (!canaries) continue
    const ids = new Set(canaries.map(splitId))
    for (const id of watches.keys()) if (!ids.has(id)) watches.delete(id)
    loads.splits.keep(ids)
    for (const canary of canaries) await follow(context, canary, { watches, lookAt }).catch(failed)
  }
}

/** Of a canary at one weight. */
interface Watch {
  window: CanaryWindow
  notedMs: number
  /** What was written down last. */
  noted: string
  /** Since when replicas are waited for before it has more calls. */
  roomSinceMs: number | undefined
}

const newWatch = ({ windowMinutes }: CanaryRules): Watch => ({
  window: new CanaryWindow(windowMinutes * 60_000),
  notedMs: Number.NEGATIVE_INFINITY,
  noted: '',
  roomSinceMs: undefined,
})

const follow = async (
  context: ControllerContext,
  canary: RunningCanary,
  { watches, lookAt }: { watches: Map<string, Watch>; lookAt: LookAt },
): Promise<void> => {
  const facts = factsOf(canary)
  const fate = canaryFate(facts)
  if (fate) return end(context, canary, lookAt, fate)
  if (canary.state !== 'running' || !isServing(facts)) return
  const id = splitId(canary)
  const rules = CanaryRules.parse(canary.rules)
  const watch = watches.get(id) ?? newWatch(rules)
  if (canary.turnAt === null) {
    watches.set(id, watch)
    if (!mayHave(context, canary, watch, canary.weight)) return
    await turnCanary(context.db, canary)
    return lookAt(canary.functionId)
  }
  // Somebody has given it more by hand, and did not wait.
  if (!watches.has(id)) hasRoom(context, canary, canary.weight)
  watches.set(id, watch)
  const nowMs = performance.now()
  const counts = watch.window.take(context.loads.splits.of(id) ?? { live: noCounts(), canary: noCounts() }, nowMs)
  const verdict = compareCanary(counts, rules)
  const sight = sightOf(counts, verdict)
  if (verdict.kind === 'worse') return end(context, canary, lookAt, { state: 'returned', reason: verdict.why }, sight)
  if (verdict.kind === 'good' && (await goOn(context, canary, watch, lookAt))) return
  const noted = JSON.stringify({ counts, verdict })
  if (nowMs - watch.notedMs < NOTE_EVERY_MS || noted === watch.noted) return
  await noteSight(context.db, canary, sight)
  watch.noted = noted
  watch.notedMs = nowMs
}

/** Whether it can have this part of the calls: its replicas are there, or have been waited for long enough. */
const mayHave = (context: ControllerContext, canary: RunningCanary, watch: Watch, weight: number): boolean => {
  watch.roomSinceMs ??= performance.now()
  return hasRoom(context, canary, weight) || performance.now() - watch.roomSinceMs > ROOM_LIMIT_MS
}

const end = async (
  context: ControllerContext,
  canary: RunningCanary,
  lookAt: LookAt,
  fate: CanaryEnd,
  sight?: CanarySight,
): Promise<void> => {
  if (fate.state !== 'promoted') makeRoomAtLive(context, canary)
  if (!(await endSeenCanary(context.db, canary, fate, sight))) return
  context.log.info({ ...about(canary), ...fate }, 'a canary has ended')
  lookAt(canary.functionId)
}

/** The next step of a canary that is as good as live. False while the present one has time left, or where there are none. */
const goOn = async (
  context: ControllerContext,
  canary: RunningCanary,
  watch: Watch,
  lookAt: LookAt,
): Promise<boolean> => {
  const { weight, turnAt, functionId } = canary
  if (canary.steps === null || turnAt === null) return false
  const next = nextStep(CanarySteps.parse(canary.steps), { weight, forMs: Date.now() - turnAt.getTime() })
  if (next === 'stay') return false
  if (next === 'promote') {
    const { tenantId, name } = canary.function
    await promoteCanary(context.db, { tenantId, name }, canary)
  } else {
    if (!mayHave(context, canary, watch, next.weight)) return false
    await turnCanary(context.db, canary, next.weight)
  }
  context.log.info({ ...about(canary), weight, next }, 'a canary goes on')
  lookAt(functionId)
  return true
}

const about = ({ id, function: { name, tenant }, revisionId }: RunningCanary) => ({
  canary: id,
  tenant: tenant.slug,
  function: name,
  revision: revisionId,
})

const sightOf = ({ live, canary }: SplitCounts, verdict: ReturnType<typeof compareCanary>): CanarySight => ({
  at: new Date().toISOString(),
  verdict: verdict.kind,
  why: 'why' in verdict ? verdict.why : null,
  live: sideSeen(live),
  canary: sideSeen(canary),
})

const sideSeen = (counts: SideCounts) => ({
  calls: counts.calls,
  errors: counts.errors,
  p95Ms: Math.round(p95Of(counts) * 10) / 10,
})
