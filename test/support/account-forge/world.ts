import { EventEmitter } from 'node:events'

/**
 * What a stand-in for GitLab or Gitea knows: forges without Apps, that one speaks to by an account. Ids are numbers and
 * never used again.
 */
export interface Account {
  id: number
  /** At GitLab a namespace's whole path: `acme/web`. */
  login: string
  /** For `git push` over HTTP. */
  password: string
}

export interface Repository {
  id: number
  name: string
  owner: Account
  isPrivate: boolean
  defaultBranch: string
  /** The bare repository on disk, named by id: a rename moves nothing. */
  directory: string
  /** Whether the cloud's account was let in. */
  isOpenToCloud: boolean
  hooks: Hook[]
}

export interface Hook {
  url: string
  secret: string
  /** GitLab: signs as well, or instead of sending the secret. */
  isSigning?: boolean
}

export interface Status {
  repositoryId: number
  sha: string
  context: string
  /** In the forge's own words. */
  state: string
  description: string
  targetUrl: string | undefined
}

export interface Deployment {
  id: number
  repositoryId: number
  sha: string
  environment: { id: number; name: string; external_url: string | null; state: 'available' | 'stopped' }
  status: string
}

export interface PullRequest {
  id: number
  number: number
  repository: Repository
  title: string
  author: Account
  head: { repository: Repository; ref: string; sha: string }
  baseRef: string
  comments: PullRequestComment[]
}

export interface PullRequestComment {
  id: number
  authorId: number
  body: string
}

export interface World {
  /** The cloud's own account. */
  cloud: Account & { token: string }
  accounts: Account[]
  repositories: Repository[]
  statuses: Status[]
  pullRequests: PullRequest[]
  deployments: Deployment[]
  /** Of the whole forge. */
  systemHooks: Hook[]
  events: EventEmitter<{ status: [Status] }>
  nextId: () => number
}

export const createWorld = (token: string): World => {
  // Ids begin somewhere else in every world: a test that takes an id for granted, or mixes two worlds up, fails.
  let id = 100_000 + Math.floor(Math.random() * 1_000_000_000)
  const nextId = () => {
    id += 1 + Math.floor(Math.random() * 9)
    return id
  }
  return {
    cloud: { id: nextId(), login: 'pushfn-bot', password: token, token },
    accounts: [],
    repositories: [],
    statuses: [],
    pullRequests: [],
    deployments: [],
    systemHooks: [],
    events: new EventEmitter(),
    nextId,
  }
}

export const fullName = (repository: Repository): string => `${repository.owner.login}/${repository.name}`

/** The repository of a name as it is now; names know no case. */
export const repositoryNamed = (world: World, name: string): Repository | undefined =>
  world.repositories.find((repository) => fullName(repository).toLowerCase() === name.toLowerCase())

export const repositoryOf = (world: World, id: number): Repository | undefined =>
  world.repositories.find((repository) => repository.id === id)
