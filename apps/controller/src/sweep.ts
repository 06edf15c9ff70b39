import { removeExpired } from '@pushfn/store/aliases'
import { sweepImageRecords } from '@pushfn/store/image-records'
import { giveUpImage } from '@pushfn/store/images'
import { imageGone, sweepRevisions, sweptImages } from '@pushfn/store/sweep'
import type { ControllerContext } from './context.ts'
import { pause } from './pause.ts'

/**
 * Every so often what is not kept of the past goes, until the leadership ends: revisions beyond the last ones, their
 * commits' URLs, and images that no revision needs. What runs under an alias that goes is healing's to stop; its image is
 * looked at again until nothing does.
 */
export const sweep = async (context: ControllerContext, lookAt: (functionId: string) => void): Promise<void> => {
  const { config, signal } = context
  while (!signal.aborted) {
    await pause(config.sweepMs, signal)
    if (signal.aborted) return
    await sweepOnce(context, lookAt).catch((err) => {
      if (!signal.aborted) context.log.warn({ err }, 'sweeping failed; it is tried again')
    })
  }
}

const sweepOnce = async (context: ControllerContext, lookAt: (functionId: string) => void): Promise<void> => {
  const { db, engine, config, signal, log } = context
  for (const functionId of await removeExpired(db)) lookAt(functionId)
  for (const functionId of await sweepRevisions(db, config.keepRevisions)) lookAt(functionId)
  let gone = 0
  for (const digest of await sweptImages(db)) {
    signal.throwIfAborted()
    // Another function of the tenant may be made of it by now.
    if (!(await giveUpImage(db, [digest])) || !(await engine.removeImage(digest, signal))) continue
    await imageGone(db, digest)
    gone += 1
  }
  await sweepImageRecords(db)
  if (gone > 0) log.info({ images: gone }, 'images of former revisions removed')
}
