import { type Problem, problems } from './problem.ts'
import type { RouteEntry } from './route-table.ts'

/**
 * What becomes of a call of a function of which no replica runs. The caller is told to come back: 503 with Retry-After,
 * the answer of every gateway that does not hold requests. Holding and waking belong here.
 */
export const answerForSleeping = (entry: RouteEntry): Problem => problems.asleep(entry.stats.functionName)
