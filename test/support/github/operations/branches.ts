import { notFound } from '../answers.ts'
import { git } from '../refs.ts'
import { fullName } from '../world.ts'
import { type Handler, repositoryFor } from './operation.ts'

/** https://docs.github.com/en/rest/branches/branches#get-a-branch */
export const getBranch: Handler = async (request) => {
  const found = repositoryFor(request, 'contents', 'read')
  if ('answer' in found) return found.answer
  const { repository } = found
  const name = String(request.path.branch)
  const format = '--format=%H%n%an%n%B'
  const shown = await git(repository.directory, 'log', '-1', format, `refs/heads/${name}`, '--').catch(() => undefined)
  if (shown === undefined) return notFound()
  const [sha = '', author = '', ...message] = shown.split('\n')
  const example = request.description.example('branch-get')
  const commit = Object(example.commit)
  const base = `${request.url}/api/v3/repos/${fullName(repository)}`
  return {
    status: 200,
    body: {
      ...example,
      name,
      commit: {
        ...commit,
        sha,
        url: `${base}/commits/${sha}`,
        commit: {
          ...commit.commit,
          message: message.join('\n').trimEnd(),
          author: { ...commit.commit.author, name: author },
        },
        author: { ...commit.author, login: author.replaceAll(' ', '-') },
      },
    },
  }
}
