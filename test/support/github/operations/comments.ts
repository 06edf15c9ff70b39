import { notFound } from '../answers.ts'
import { type Comment, fullName, type Repository } from '../world.ts'
import { type Handler, type OperationRequest, repositoryFor } from './operation.ts'

/** https://docs.github.com/en/rest/issues/comments, as far as pull requests go, which are issues there. */
export const listComments: Handler = (request) => {
  const found = repositoryFor(request, 'pull_requests', 'read')
  if ('answer' in found) return found.answer
  const { world, path, query, url } = request
  const own = world.comments.filter(
    (comment) => comment.repositoryId === found.repository.id && comment.number === path.issue_number,
  )
  const page = Number(query.page ?? 1)
  const size = Number(query.per_page ?? 30)
  const body = own
    .slice((page - 1) * size, page * size)
    .map((comment) => commentBody(request, found.repository, comment))
  const self = `${url}/api/v3/repos/${fullName(found.repository)}/issues/${path.issue_number}/comments`
  const isMore = own.length > page * size
  const link = { link: `<${self}?per_page=${size}&page=${page + 1}>; rel="next"` }
  return { status: 200, body, ...(isMore && { headers: link }) }
}

export const createComment: Handler = (request) => {
  const found = repositoryFor(request, 'pull_requests', 'write')
  if ('answer' in found) return found.answer
  const { world, path, body } = request
  const comment: Comment = {
    id: world.nextId(),
    repositoryId: found.repository.id,
    number: Number(path.issue_number),
    body: String(body.body),
    isOfApp: true,
  }
  world.comments.push(comment)
  return { status: 201, body: commentBody(request, found.repository, comment) }
}

export const updateComment: Handler = (request) => {
  const found = repositoryFor(request, 'pull_requests', 'write')
  if ('answer' in found) return found.answer
  const comment = request.world.comments.find(
    ({ id, repositoryId }) => id === request.path.comment_id && repositoryId === found.repository.id,
  )
  if (!comment) return notFound()
  comment.body = String(request.body.body)
  return { status: 200, body: commentBody(request, found.repository, comment) }
}

const commentBody = ({ description, url, world }: OperationRequest, repository: Repository, comment: Comment) => ({
  ...description.example('issue-comment'),
  id: comment.id,
  url: `${url}/api/v3/repos/${fullName(repository)}/issues/comments/${comment.id}`,
  html_url: `${url}/${fullName(repository)}/pull/${comment.number}#issuecomment-${comment.id}`,
  issue_url: `${url}/api/v3/repos/${fullName(repository)}/issues/${comment.number}`,
  body: comment.body,
  performed_via_github_app: comment.isOfApp ? { ...description.example('integration'), id: world.appId } : null,
})
