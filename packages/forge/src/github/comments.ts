import { createUpsertComment } from '../upsert-comment.ts'
import type { AsInstallation } from './as-installation.ts'

/**
 * Comments on pull requests, which are issues to GitHub (https://docs.github.com/en/rest/issues/comments). Those that the
 * App itself has written are known by `performed_via_github_app`.
 */
export const createGithubComments = (asInstallation: AsInstallation, appId: number) => {
  const permission = 'pull_requests'
  return createUpsertComment({
    list: ({ repository, pullRequest, doing, signal }) =>
      asInstallation({ repository, permission, doing, signal }, async (octokit, signal) => {
        const comments = await octokit.paginate(octokit.rest.issues.listComments, {
          owner: repository.owner,
          repo: repository.name,
          issue_number: pullRequest,
          per_page: 100,
          request: { signal },
        })
        return comments.map((comment) => ({
          id: String(comment.id),
          body: comment.body ?? '',
          isOurs: comment.performed_via_github_app?.id === appId,
        }))
      }),
    create: ({ repository, pullRequest, doing, signal }, body) =>
      asInstallation({ repository, permission, doing, signal }, async (octokit, signal) => {
        await octokit.rest.issues.createComment({
          owner: repository.owner,
          repo: repository.name,
          issue_number: pullRequest,
          body,
          request: { signal, retries: 0 },
        })
      }),
    update: ({ repository, doing, signal }, id, body) =>
      asInstallation({ repository, permission, doing, signal }, async (octokit, signal) => {
        await octokit.rest.issues.updateComment({
          owner: repository.owner,
          repo: repository.name,
          comment_id: Number(id),
          body,
          request: { signal },
        })
      }),
  })
}
