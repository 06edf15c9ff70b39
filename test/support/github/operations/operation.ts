import type { Answer } from '../answers.ts'
import { failed, notFound } from '../answers.ts'
import type { Identity } from '../authenticate.ts'
import type { Description } from '../description.ts'
import type { Webhooks } from '../webhooks.ts'
import { opens, type Repository, repositoryNamed, type World } from '../world.ts'

/** One request that fits the description, as an operation sees it. */
export interface OperationRequest {
  world: World
  description: Description
  webhooks: Webhooks
  /** `http://127.0.0.1:…` */
  url: string
  identity: Identity
  path: Record<string, unknown>
  query: Record<string, unknown>
  body: Record<string, unknown>
}

export type Handler = (request: OperationRequest) => Answer | Promise<Answer>

/**
 * The repository of the path when the caller's token has `permission` on it, or the answer that GitHub gives otherwise:
 * what one may not see is not there; what one may see but not do is “not accessible by integration”.
 */
export const repositoryFor = (
  { world, identity, path }: OperationRequest,
  permission: string,
  level: 'read' | 'write',
): { repository: Repository } | { answer: Answer } => {
  const repository = repositoryNamed(world, String(path.owner), String(path.repo))
  const token = identity.kind === 'installation' ? identity.token : undefined
  const isOpen = repository !== undefined && token !== undefined && opens(token, repository)
  if (!repository || (repository.isPrivate && !isOpen)) return { answer: notFound() }
  if (level === 'read' && !repository.isPrivate) return { repository }
  const granted = token?.permissions[permission]
  const isGranted = granted === 'write' || granted === level
  if (isOpen && (isGranted || permission === 'metadata')) return { repository }
  return {
    answer: token ? failed(403, 'Resource not accessible by integration') : failed(401, 'Requires authentication'),
  }
}
