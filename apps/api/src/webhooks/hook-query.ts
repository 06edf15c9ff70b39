import { ForgeRepositoryId } from '@pushfn/model/ids'
import { z } from 'zod'

/** What stands in the URL of a webhook that speaks for one repository alone. */
export const HookQuery = z.object({ repository: ForgeRepositoryId.optional() })
