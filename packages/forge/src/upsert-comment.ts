import type { Forge, ForgeRepository } from './forge.ts'
import { createInOrder } from './in-order.ts'

export interface Comment {
  id: string
  body: string
  /** Whether the cloud's own account wrote it: anybody can copy the mark. */
  isOurs: boolean
}

export interface CommentCalls {
  list(at: CommentPlace): Promise<readonly Comment[]>
  /** Must not be tried again blindly: an answer that got lost may have been a yes. */
  create(at: CommentPlace, body: string): Promise<void>
  update(at: CommentPlace, id: string, body: string): Promise<void>
}

export interface CommentPlace {
  repository: ForgeRepository
  pullRequest: number
  /** What is being done, for the error. */
  doing: string
  signal: AbortSignal | undefined
}

/** One comment a pull request and key, found again by a mark that people do not see. */
export const createUpsertComment = (calls: CommentCalls): NonNullable<Forge['upsertComment']> => {
  const inOrder = createInOrder()
  return (repository, pullRequest, { key, body }, signal) =>
    inOrder(`${repository.id}/${pullRequest}/${key}`, async () => {
      const doing = `write the comment “${key}” on ${repository.owner}/${repository.name}#${pullRequest}`
      const at = { repository, pullRequest, doing, signal }
      const mark = `<!-- pushfn:${key} -->`
      const text = `${mark}\n${body}`
      const there = (await calls.list(at)).find((comment) => comment.isOurs && comment.body.startsWith(mark))
      if (!there) await calls.create(at, text)
      else if (there.body !== text) await calls.update(at, there.id, text)
    })
}
