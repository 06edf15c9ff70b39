import { z } from 'zod'
import { once } from '../once.ts'
import { Id } from '../payload.ts'
import { ANYTHING, type RestClient } from '../rest-client.ts'
import { type Comment, type CommentCalls, type CommentPlace, createUpsertComment } from '../upsert-comment.ts'

const PER_PAGE = 100
/** Who talks so much has lost our comment, and gets a second one. */
const MAX_PAGES = 10

/** Notes on merge requests (https://docs.gitlab.com/api/notes/#merge-requests). */
export const createGitlabComments = (rest: RestClient) => {
  const own = once(() =>
    rest({ method: 'GET', path: '/user', doing: 'ask who the cloud is', answer: Author, signal: undefined }),
  )
  const notesOf = ({ repository, pullRequest }: CommentPlace) =>
    `/projects/${repository.id}/merge_requests/${pullRequest}/notes`

  const list = async (at: CommentPlace): Promise<Comment[]> => {
    const comments: Comment[] = []
    for (let page = 1; page <= MAX_PAGES; page++) {
      const path = `${notesOf(at)}?sort=asc&order_by=created_at&per_page=${PER_PAGE}&page=${page}`
      const notes = await rest({ method: 'GET', path, doing: at.doing, answer: Notes, signal: at.signal })
      const { id: ownId } = await own()
      comments.push(...notes.map(({ id, body, author }) => ({ id, body, isOurs: author.id === ownId })))
      if (notes.length < PER_PAGE) break
    }
    return comments
  }
  const calls: CommentCalls = {
    list,
    create: async (at, body) => {
      const { doing, signal } = at
      await rest({
        method: 'POST',
        path: notesOf(at),
        body: { body },
        doing,
        answer: ANYTHING,
        signal,
        mayRepeat: false,
      })
    },
    update: async (at, id, body) => {
      const { doing, signal } = at
      await rest({ method: 'PUT', path: `${notesOf(at)}/${id}`, body: { body }, doing, answer: ANYTHING, signal })
    },
  }
  return createUpsertComment(calls)
}

const Author = z.object({ id: Id })
const Notes = z.array(z.object({ id: Id, body: z.string(), author: Author }))
