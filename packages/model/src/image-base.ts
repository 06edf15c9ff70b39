import { z } from 'zod'

/** What an image's name meant when somebody looked. */
export const LookedUpImage = z.object({
  /** As the Dockerfile names it: `pushfn/base:latest`, `debian:bookworm-slim`. */
  image: z.string(),
  /** Its id on the builder's engine, else its digest at its registry; null: nobody could tell. */
  id: z.string().nullable(),
  /** `sha256:…` of its manifest, where a registry has it. */
  digest: z.string().nullable(),
})
export type LookedUpImage = z.infer<typeof LookedUpImage>

/** An image that another one stands on, as it was when that was built. */
export const ImageBase = LookedUpImage.extend({
  /** It is the cloud's own, on which all its templates stand, whatever name that has today. */
  isOfCloud: z.boolean(),
})
export type ImageBase = z.infer<typeof ImageBase>

export const ImageBases = z.array(ImageBase)

/** What bases are today: the cloud's own, and others by their names. */
export const BasesToday = z.object({ cloud: LookedUpImage, named: z.array(LookedUpImage) })
export type BasesToday = z.infer<typeof BasesToday>

/**
 * Whether an image stands on another base than today's; of one whose bases nobody recorded it is taken for granted. What
 * cannot be told today is taken to be as it was.
 */
export const isOnOlderBase = (bases: readonly ImageBase[] | null, today: BasesToday): boolean =>
  bases === null ||
  bases.some((base) => {
    const now = base.isOfCloud ? today.cloud : today.named.find(({ image }) => image === base.image)
    return now !== undefined && now.id !== null && now.id !== base.id
  })
