import { EventEmitter } from 'node:events'

/** What the stand-in for GitHub knows. Ids are numbers, as GitHub's are, and never used again. */
export interface Account {
  id: number
  login: string
  type: 'User' | 'Organization'
  /** For `git push` over HTTP; an organisation has one as well, for short tests. */
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
  /** `owner/name` in lower case, under which it was known before: GitHub redirects from there. */
  formerNames: Set<string>
  createdAt: Date
}

export type Permissions = Readonly<Record<string, 'read' | 'write'>>

export interface Installation {
  id: number
  account: Account
  repositoryIds: 'all' | Set<number>
  permissions: Permissions
  isSuspended: boolean
}

export interface InstallationToken {
  token: string
  installation: Installation
  /** Undefined: all that the installation has. */
  repositoryIds: ReadonlySet<number> | undefined
  permissions: Permissions
  expiresAt: number
}

export interface Status {
  id: number
  repositoryId: number
  sha: string
  context: string
  state: string
  description: string | null
  targetUrl: string | null
  at: Date
}

export interface Deployment {
  id: number
  repositoryId: number
  sha: string
  environment: string
  /** As it was sent. */
  fields: Record<string, unknown>
  /** Oldest first. */
  statuses: DeploymentStatus[]
}

export interface DeploymentStatus {
  id: number
  state: string
  fields: Record<string, unknown>
}

/** What a commit was told on one context, by a commit status or by a check run of that name: branch rules see both alike. */
export interface Word extends Omit<Status, 'id'> {
  by: 'status' | 'check'
}

export interface CheckRun {
  id: number
  repositoryId: number
  sha: string
  /** As it was sent, one over the other; annotations of all updates together. */
  fields: Record<string, unknown> & { name: string; status: string }
  annotations: unknown[]
  updates: number
}

export interface PullRequest {
  id: number
  number: number
  /** The repository that it is to go into. */
  repository: Repository
  head: { repository: Repository; branch: string }
  sha: string
  title: string
  isOpen: boolean
}

export interface Comment {
  id: number
  repositoryId: number
  /** Of the pull request. */
  number: number
  body: string
  /** Written by the App, not by a person. */
  isOfApp: boolean
}

/** An App that is to be made, as a browser posts it. */
export interface Manifest {
  name: string
  url: string
  hook_attributes: { url: string; active: boolean }
  redirect_url: string
  public: boolean
  default_permissions: Record<string, 'read' | 'write'>
  default_events: string[]
}

export interface World {
  appId: number
  /** The App's private key, for whoever makes the App by a manifest. */
  privateKey: string | undefined
  /** Manifests that were posted, by the code that stands for each. */
  manifests: Map<string, Manifest>
  accounts: Account[]
  repositories: Repository[]
  installations: Installation[]
  tokens: Map<string, InstallationToken>
  /** Every token ever given out. */
  issued: string[]
  statuses: Status[]
  checks: CheckRun[]
  pullRequests: PullRequest[]
  comments: Comment[]
  deployments: Deployment[]
  /** All that was told of commits, oldest first. */
  words: Word[]
  /** Emits `word` when a status or a check run is written. */
  events: EventEmitter<{ word: [Word] }>
  /** Milliseconds a token is good for. */
  tokenLifeMs: number
  nextId: () => number
}

export const createWorld = (appId: number, privateKey?: string): World => {
  // Ids begin somewhere else in every world: a test that takes an id for granted, or mixes two worlds up, fails.
  let id = 100_000 + Math.floor(Math.random() * 1_000_000_000)
  return {
    appId,
    privateKey,
    manifests: new Map(),
    accounts: [],
    repositories: [],
    installations: [],
    tokens: new Map(),
    issued: [],
    statuses: [],
    checks: [],
    pullRequests: [],
    comments: [],
    deployments: [],
    words: [],
    events: new EventEmitter(),
    tokenLifeMs: 3_600_000,
    nextId: () => {
      id += 1 + Math.floor(Math.random() * 9)
      return id
    },
  }
}

/** Keeps a word on a commit, and tells who waits for it. */
export const say = (world: World, word: Word): void => {
  world.words.push(word)
  world.events.emit('word', word)
}

export const fullName = (repository: Repository): string => `${repository.owner.login}/${repository.name}`

/** The repository of a name as it is now; names know no case. */
export const repositoryNamed = (world: World, owner: string, name: string): Repository | undefined => {
  const wanted = `${owner}/${name}`.toLowerCase()
  return world.repositories.find((repository) => fullName(repository).toLowerCase() === wanted)
}

/** The repository that had a name before, while nobody else has it. */
export const repositoryOnceNamed = (world: World, owner: string, name: string): Repository | undefined => {
  const wanted = `${owner}/${name}`.toLowerCase()
  return world.repositories.find((repository) => repository.formerNames.has(wanted))
}

export const has = (installation: Installation, repository: Repository): boolean =>
  installation.account.id === repository.owner.id &&
  (installation.repositoryIds === 'all' || installation.repositoryIds.has(repository.id))

export const installationOf = (world: World, repository: Repository): Installation | undefined =>
  world.installations.find((installation) => has(installation, repository))

/** Whether a token may do something with a repository at this moment. */
export const opens = (token: InstallationToken, repository: Repository): boolean =>
  has(token.installation, repository) && (token.repositoryIds?.has(repository.id) ?? true)
