import type { BuilderContext } from './context.ts'
import { removeUnused } from './remove-unused.ts'

const BUILD = 'pushfn.cloud/build'
const ENDED_IN_VAIN = ['failed', 'superseded', 'cancelled', 'skipped'] as const

/**
 * Removes images of builds that ended without going live, but for those of a function that did go live, or is still to, by
 * whatever build: of one build as it ends, of all of them when the builder starts, for what a crash left. Throws
 * ENGINE_FAILED.
 */
export const removeLitter = async (
  context: Pick<BuilderContext, 'docker' | 'db' | 'config'>,
  buildId?: string,
): Promise<void> => {
  const { docker, db, config } = context
  const build = buildId === undefined ? BUILD : `${BUILD}=${buildId}`
  const images = await docker.listImages({ filters: { label: [`pushfn.cloud/managed=${config.cloud}`, build] } })
  const ended = await db.build.findMany({
    where: { id: { in: images.map(buildOf) }, state: { in: [...ENDED_IN_VAIN] } },
    select: { id: true },
  })
  const inVain = new Set(ended.map(({ id }) => id))
  for (const image of images) if (inVain.has(buildOf(image))) await removeUnused(context, image)
}

const buildOf = (image: { Labels: Readonly<Record<string, string>> | null }): string => image.Labels?.[BUILD] ?? ''
