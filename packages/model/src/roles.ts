import { z } from 'zod'

/** What somebody may do with a tenant, each with all that the one before may: look, deploy, give access to others. */
export const Role = z.enum(['viewer', 'developer', 'owner'])
export type Role = z.infer<typeof Role>

/** Whether who has a role may do what needs another. */
export const isEnough = (has: Role, needed: Role): boolean => Role.options.indexOf(has) >= Role.options.indexOf(needed)
