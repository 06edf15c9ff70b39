import { removeImage } from '@pushfn/images/remove-image'
import type { BuilderContext } from './context.ts'

const BUILD = 'pushfn.cloud/build'
const ENDED_IN_VAIN = ['failed', 'superseded', 'cancelled', 'skipped'] as const

/**
 * Removes images of builds that ended without going live, but for those of a function that did go live, or is still to:
 * of one build as it ends, of all of them when the builder starts, for what a crash left. Throws ENGINE_FAILED.
 */
export const removeLitter = async (
  { docker, db, config }: Pick<BuilderContext, 'docker' | 'db' | 'config'>,
  buildId?: string,
): Promise<void> => {
  const build = buildId === undefined ? BUILD : `${BUILD}=${buildId}`
  const images = await docker.listImages({ filters: { label: [`pushfn.cloud/managed=${config.cloud}`, build] } })
  const ended = await db.build.findMany({
    where: { id: { in: images.map(buildOf) }, state: { in: [...ENDED_IN_VAIN] } },
    select: {
      id: true,
      revisions: {
        where: { OR: [{ wantedBy: { some: {} } }, { servedBy: { some: {} } }] },
        select: { image: true },
      },
    },
  })
  const kept = new Map(ended.map(({ id, revisions }) => [id, revisions.map((revision) => revision.image)]))
  for (const image of images) {
    const names = kept.get(buildOf(image))
    if (names && !names.some((name) => image.RepoTags?.includes(name))) await removeImage(docker, image.Id)
  }
}

const buildOf = (image: { Labels: Readonly<Record<string, string>> | null }): string => image.Labels?.[BUILD] ?? ''
