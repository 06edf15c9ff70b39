import { aWorkingCopy, type WorkingCopy } from '../../support/git-repository.ts'
import { localFetch } from '../../support/local-fetch.ts'
import { aTenantOf } from '../../support/tenant.ts'
import type { World } from '../../support/world.ts'

/** A tenant's repository whose function `fn` answers with the marker that was pushed last. */
export interface Project extends AsyncDisposable {
  readonly forge: 'github' | 'builtin'
  readonly tenant: string
  readonly url: string
  readonly gitUrl: string
  readonly copy: WorkingCopy
  /** Commits the marker and returns the commit. */
  commit(marker: string): Promise<string>
  /** Commits and pushes, and returns the commit and what git said of it. Throws nothing for a push that was refused. */
  push(marker: string): Promise<{ sha: string; code: number; output: string }>
  /** What the URL answers now: the marker, or `HTTP <status>`. */
  answer(): Promise<string>
}

export interface ProjectOptions {
  /** Files beside stack.yml and the handler, or instead of them. */
  files?: (marker: string) => Record<string, string | null>
}

export const handler = (marker: string) => `
const { Readable } = require('node:stream')
const { setTimeout: sleep } = require('node:timers/promises')
async function* parts(count) {
  for (let n = 0; n < count; n++) {
    await sleep(50)
    yield '${marker}\\n'
  }
}
module.exports = async (event, context) => {
  if (event.query.parts) return context.status(200).succeed(Readable.from(parts(Number(event.query.parts))))
  return context.status(200).succeed(event.method === 'POST' ? '${marker} ' + event.body.length : '${marker}')
}
`

/** A short `exec_timeout`, so that a replica whose last request nobody tells of is not waited for longer than that. */
export const STACK = `functions:
  fn:
    lang: node24
    handler: ./fn
    environment:
      exec_timeout: 5s
`

const filesOf = (marker: string) => ({ 'stack.yml': STACK, 'fn/handler.js': handler(marker) })

export const aGithubProject = async (world: World, login: string, options: ProjectOptions = {}): Promise<Project> => {
  const account = world.github.createAccount(login)
  const repository = await world.github.createRepository({ owner: account, name: 'shop' })
  await world.github.install(account)
  return aProject(world, { forge: 'github', tenant: login, gitUrl: world.github.pushUrl(repository) }, options)
}

export const aBuiltinProject = async (world: World, slug: string, options: ProjectOptions = {}): Promise<Project> => {
  const tenant = await aTenantOf(world, slug)
  return aProject(world, { forge: 'builtin', tenant: tenant.slug, gitUrl: tenant.gitUrl('shop') }, options)
}

const aProject = async (
  world: World,
  about: Pick<Project, 'forge' | 'tenant' | 'gitUrl'>,
  { files = filesOf }: ProjectOptions,
): Promise<Project> => {
  const copy = await aWorkingCopy()
  const url = world.functionUrl(about.tenant, 'fn')
  const commit = async (marker: string) => {
    // Two tenants' commits of one second and one content would be one commit.
    await copy.write({ ...files(marker), OWNER: about.tenant })
    return copy.commit(marker)
  }
  return {
    ...about,
    copy,
    url,
    commit,
    push: async (marker) => {
      const sha = await commit(marker)
      return { sha, ...(await copy.push(about.gitUrl)) }
    },
    answer: async () => {
      const response = await localFetch(url, { signal: AbortSignal.timeout(10_000) })
      const text = await response.text()
      return response.status === 200 ? text : `HTTP ${response.status}`
    },
    [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose](),
  }
}
