import type { ForgeRepository } from '../forge.ts'
import type { RestClient } from '../rest-client.ts'
import { ProjectAnswer } from './payload.ts'

export type FindProject = ReturnType<typeof createFindProject>

/**
 * A project as it is now, by its id. GitLab's webhooks do not say whose a project is by number, and tell nobody when a
 * group above it gets another name: both must be asked for. The tenant is the namespace that the project is in.
 */
export const createFindProject =
  (rest: RestClient) =>
  async (id: string, signal?: AbortSignal): Promise<ForgeRepository> => {
    const project = await rest({
      method: 'GET',
      path: `/projects/${id}`,
      doing: `find project ${id}`,
      answer: ProjectAnswer,
      signal,
    })
    return {
      id: project.id,
      name: project.path,
      owner: project.namespace.full_path,
      ownerId: project.namespace.id,
      // `internal` is for everybody who has an account there: the cloud’s callers have none.
      isPrivate: project.visibility !== 'public',
      defaultBranch: project.default_branch ?? 'main',
    }
  }
