import { z } from 'zod'
import { once } from '../once.ts'
import { Id } from '../payload.ts'
import { ANYTHING, type RestClient } from '../rest-client.ts'
import { createUpsertComment } from '../upsert-comment.ts'
import { type FindRepository, repoPath } from './find-repository.ts'

/** Comments on pull requests, which are issues to Gitea (`/repos/{owner}/{repo}/issues/{index}/comments`). */
export const createGiteaComments = (rest: RestClient, findRepository: FindRepository) => {
  const own = once(() =>
    rest({ method: 'GET', path: '/user', doing: 'ask who the cloud is', answer: User, signal: undefined }),
  )
  return createUpsertComment({
    list: async ({ repository, pullRequest, doing, signal }) => {
      const path = `${repoPath(await findRepository(repository.id, signal))}/issues/${pullRequest}/comments`
      const comments = await rest({ method: 'GET', path, doing, answer: Comments, signal })
      const { id: ownId } = await own()
      return comments.map(({ id, body, user }) => ({ id, body, isOurs: user?.id === ownId }))
    },
    create: async ({ repository, pullRequest, doing, signal }, body) => {
      const path = `${repoPath(await findRepository(repository.id, signal))}/issues/${pullRequest}/comments`
      await rest({ method: 'POST', path, body: { body }, doing, answer: ANYTHING, signal, mayRepeat: false })
    },
    update: async ({ repository, doing, signal }, id, body) => {
      const path = `${repoPath(await findRepository(repository.id, signal))}/issues/comments/${id}`
      await rest({ method: 'PATCH', path, body: { body }, doing, answer: ANYTHING, signal })
    },
  })
}

/** Of somebody who is gone there is no user. */
const User = z.object({ id: z.int().transform(String) })
const Comments = z.array(z.object({ id: Id, body: z.string(), user: User.nullish() }))
