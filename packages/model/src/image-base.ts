import { z } from 'zod'

/** An image that another one stands on, as it was when that was built. */
export const ImageBase = z.object({
  /** As the Dockerfile names it: `pushfn/base:latest`, `debian:bookworm-slim`. */
  image: z.string(),
  /** What the name meant: its id on the builder's engine, else its digest at its registry; null: nobody could tell. */
  id: z.string().nullable(),
  /** `sha256:…` of its manifest, where a registry has it. */
  digest: z.string().nullable(),
  /** It is the cloud's own, on which all its templates stand, whatever name that has today. */
  isOfCloud: z.boolean(),
})
export type ImageBase = z.infer<typeof ImageBase>

export const ImageBases = z.array(ImageBase)
