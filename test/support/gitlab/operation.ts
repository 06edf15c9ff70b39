import { z } from 'zod'
import type { Answer, OperationRequest } from '../account-forge/operation.ts'
import { type PullRequest, type Repository, repositoryOf } from '../account-forge/world.ts'

/** An error in GitLab's shape (https://docs.gitlab.com/api/rest/troubleshooting/). */
export const failed = (status: number, message: string): Answer => ({ status, body: { message } })
export const MISSING = failed(404, '404 Project Not Found')

export const NOTHING = z.undefined()
export const NO_QUERY = z.strictObject({})
export const paging = {
  page: z.coerce.number().int().positive().optional(),
  per_page: z.coerce.number().int().max(100).optional(),
}

/** By its number; what the cloud's account may not see is not there. */
export const projectOf = ({ world, path }: OperationRequest): Repository | undefined => {
  const repository = repositoryOf(world, Number(path.id))
  return repository && (!repository.isPrivate || repository.isOpenToCloud) ? repository : undefined
}

/** https://docs.gitlab.com/api/access_requests/: reporters read, developers report. */
export const memberOf = (request: OperationRequest): Repository | Answer => {
  const project = projectOf(request)
  if (!project) return MISSING
  return project.isOpenToCloud ? project : failed(403, '403 Forbidden')
}
export const isAnswer = (value: Repository | Answer | PullRequest): value is Answer =>
  'status' in value && !('comments' in value)
