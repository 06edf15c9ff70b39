import { createImageBases } from '@pushfn/images/image-bases'
import type { BasesToday, LookedUpImage } from '@pushfn/model/image-base'
import { advanceRebuild } from '@pushfn/store/advance-rebuild'
import type { BuildBell } from '@pushfn/store/build-queue'
import { channels } from '@pushfn/store/bus'
import { type LiveFunction, liveFunctions, type OpenRebuild, openRebuild, planRebuild } from '@pushfn/store/rebuilds'
import type { BuilderContext } from '../context.ts'
import { startLooking } from '../looking.ts'

/** Names that are asked about at once. */
const LOOKED_UP_AT_ONCE = 20

/**
 * Works at the operators' rebuilds, whichever builder comes first: finds out what stands on which base, has it built in fair
 * turns, a few at once, and notes how it ended. All of it is in rows: builders may die at any moment.
 */
export const startRebuilder = (context: BuilderContext, bell: BuildBell): Promise<AsyncDisposable> =>
  startLooking(context, { bell: channels(context.config.cloud).rebuildWished, what: 'rebuilding' }, async () => {
    const { db, config, log } = context
    const rebuild = await openRebuild(db)
    if (!rebuild) return false
    if (!rebuild.today) {
      await plan(context, rebuild)
      return true
    }
    const advance = { rebuildId: rebuild.id, today: rebuild.today, atOnce: config.rebuildsAtOnce }
    const builds = await advanceRebuild(db, advance)
    for (const build of builds) {
      log.info({ rebuild: rebuild.id, build }, 'build of a rebuild stored')
      await bell.ring(build, 0).catch((err) => log.warn({ err, build }, 'it is rung for again'))
    }
    return false
  })

const plan = async (context: BuilderContext, rebuild: OpenRebuild): Promise<void> => {
  const functions = await liveFunctions(context.db, rebuild.tenants)
  const today = await basesToday(context, functions)
  await planRebuild(context.db, rebuild, { today, functions })
  context.log.info({ rebuild: rebuild.id, functions: functions.length }, 'rebuild planned')
}

const basesToday = async (
  { docker, config }: BuilderContext,
  functions: readonly LiveFunction[],
): Promise<BasesToday> => {
  const look = createImageBases(docker)
  const names = functions.flatMap(({ bases }) =>
    (bases ?? []).flatMap(({ image, isOfCloud }) => (isOfCloud ? [] : [image])),
  )
  const unlooked = [...new Set(names)]
  const named: LookedUpImage[] = []
  while (unlooked.length > 0) named.push(...(await look(unlooked.splice(0, LOOKED_UP_AT_ONCE))))
  const [cloud] = await look([config.baseImage])
  return { cloud: cloud ?? { image: config.baseImage, id: null, digest: null }, named }
}
