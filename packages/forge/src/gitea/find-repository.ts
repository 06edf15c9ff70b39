import type { ForgeRepository } from '../forge.ts'
import type { RestClient } from '../rest-client.ts'
import { Repository } from './payload.ts'

export type FindRepository = ReturnType<typeof createFindRepository>

/** A repository as it is now, by its id: its calls go by names, and who took over a name must not be taken for it. */
export const createFindRepository =
  (rest: RestClient) =>
  (id: string, signal?: AbortSignal): Promise<ForgeRepository> =>
    rest({ method: 'GET', path: `/repositories/${id}`, doing: `find repository ${id}`, answer: Repository, signal })

/** The repository's place in the API. */
export const repoPath = ({ owner, name }: ForgeRepository): string =>
  `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`
