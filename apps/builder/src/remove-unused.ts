import { removeImage } from '@pushfn/images/remove-image'
import { giveUpImage } from '@pushfn/store/images'
import type { BuilderContext } from './context.ts'

/**
 * Removes an image of the engine unless a revision that runs, shall run or can be called has it, be it another build's: the
 * same inputs share one image. Throws ENGINE_FAILED.
 */
export const removeUnused = async (
  { db, docker }: Pick<BuilderContext, 'db' | 'docker'>,
  image: { Id: string; RepoDigests?: readonly string[] | null | undefined },
): Promise<void> => {
  if (await giveUpImage(db, [image.Id, ...(image.RepoDigests ?? [])])) await removeImage(docker, image.Id)
}
