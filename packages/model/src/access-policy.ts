import { z } from 'zod'

/** Which pages of other origins may call a function from a browser (Fetch standard, CORS protocol). */
export const CorsPolicy = z.object({
  /** Origins as browsers send them (`https://app.example.com`), or `*` alone for all. */
  origins: z.array(z.string()).min(1),
  methods: z.array(z.string()),
  /** Request headers that may be sent, lower case; `*` alone for all. */
  headers: z.array(z.string()),
  /** Answer headers that scripts may read. */
  exposedHeaders: z.array(z.string()),
  areCredentialsAllowed: z.boolean(),
  /** Seconds for which a browser may remember a preflight's answer. */
  maxAgeSeconds: z.number().int().nonnegative(),
})
export type CorsPolicy = z.infer<typeof CorsPolicy>

/** How much may be asked of something; null: no limit. */
export const RateLimits = z.object({
  /** Requests a second over all gateways together, as a token bucket. */
  requestsPerSecond: z.number().positive().nullable().default(null),
  /** Requests that may come at once after a quiet time; `requestsPerSecond` when null. */
  burst: z.number().int().positive().nullable().default(null),
  /** Requests under way at once over all gateways together. */
  concurrentRequests: z.number().int().positive().nullable().default(null),
})
export type RateLimits = z.infer<typeof RateLimits>

/** Who may call a function, from where and how much: what the gateway decides before a replica is asked. */
export const AccessPolicy = z.object({
  /** `token`: callers bear an API token of the function's tenant. */
  auth: z.enum(['none', 'token']).default('none'),
  cors: CorsPolicy.nullable().default(null),
  limits: RateLimits.prefault({}),
  /** Bytes a request body may have; null: as many as the cloud allows. */
  maxBodyBytes: z.number().int().positive().nullable().default(null),
  /** Bytes that a request's headers may have together; null: as many as the gateway takes. */
  maxHeaderBytes: z.number().int().positive().nullable().default(null),
})
export type AccessPolicy = z.infer<typeof AccessPolicy>
