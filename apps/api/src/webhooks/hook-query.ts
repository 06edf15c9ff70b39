import { z } from 'zod'

/** A repository's id at its forge. */
export const ForgeRepositoryId = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, 'a repository is named by the number its forge gave it')

/** What stands in the URL of a webhook that speaks for one repository alone. */
export const HookQuery = z.object({ repository: ForgeRepositoryId.optional() })
