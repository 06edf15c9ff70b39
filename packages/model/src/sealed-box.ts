import { z } from 'zod'

/** What a sealed secret is for: it opens for this alone. */
export interface BoxPlace {
  /** The tenant's slug, which is never another's. */
  tenant: string
  function: string
  name: string
}

/** The place stands inside, sealed with the value, so that a box which is carried to another place says where it belongs. */
export const BoxContents = z.strictObject({
  tenant: z.string(),
  function: z.string(),
  name: z.string(),
  value: z.base64(),
})
export type BoxContents = z.infer<typeof BoxContents>

/** What is sealed: JSON of the place and the value, which is given in base64. */
export const boxText = ({ tenant, function: fn, name }: BoxPlace, value: string): string =>
  JSON.stringify({ tenant, function: fn, name, value } satisfies BoxContents)
