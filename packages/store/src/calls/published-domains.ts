import { z } from 'zod'
import { type PublishedKeys, publishedKeys } from './published.ts'

/** Where a verified domain leads, as gateways know it; its name is the key. */
export const PublishedDomain = z.object({
  tenant: z.string(),
  /** Null: the path's first segment names the function. */
  function: z.string().nullable(),
})
export type PublishedDomain = z.infer<typeof PublishedDomain>

export const domainKeys = (cloud: string): PublishedKeys => publishedKeys(cloud, 'domains')
