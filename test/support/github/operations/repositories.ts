import { failed } from '../answers.ts'
import { has, opens, type Repository } from '../world.ts'
import { type Handler, type OperationRequest, repositoryFor } from './operation.ts'

/** https://docs.github.com/en/rest/repos/repos#get-a-repository */
export const getRepository: Handler = (request) => {
  const found = repositoryFor(request, 'metadata', 'read')
  if ('answer' in found) return found.answer
  return { status: 200, body: repositoryBody(request, found.repository, 'full-repository-default-response') }
}

/** https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation */
export const listInstallationRepositories: Handler = (request) => {
  const { identity, world } = request
  if (identity.kind !== 'installation') return failed(401, 'Requires authentication')
  const { token } = identity
  const own = world.repositories.filter((repository) => has(token.installation, repository) && opens(token, repository))
  const repositories = own.map((repository) => repositoryBody(request, repository, 'full-repository-default-response'))
  return { status: 200, body: { total_count: own.length, repository_selection: 'selected', repositories } }
}

/** A repository as the API shows it: one of the description's examples with this one's facts. */
const repositoryBody = ({ description, url }: OperationRequest, repository: Repository, example: string) => {
  const { owner, name } = repository
  const base = `${url}/${owner.login}/${name}`
  const { organization: _organization, parent: _parent, source: _source, ...rest } = description.example(example)
  const exampleOwner = typeof rest.owner === 'object' ? rest.owner : {}
  return {
    language: null,
    ...rest,
    id: repository.id,
    name,
    full_name: `${owner.login}/${name}`,
    private: repository.isPrivate,
    visibility: repository.isPrivate ? 'private' : 'public',
    default_branch: repository.defaultBranch,
    owner: { ...exampleOwner, id: owner.id, login: owner.login, type: owner.type },
    html_url: base,
    clone_url: `${base}.git`,
    url: `${url}/api/v3/repos/${owner.login}/${name}`,
    created_at: repository.createdAt.toISOString(),
  }
}
