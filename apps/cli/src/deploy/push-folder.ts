import { hostname } from 'node:os'
import type { Cloud } from '../cloud/cloud.ts'
import type { Context } from '../context.ts'
import type { Source } from './find-source.ts'
import { commitFolder, openThrowAway } from './throw-away.ts'

/** Where deploys of folders stand at the cloud: beside branches and tags, so that a push of either never meets them. */
const REF = 'refs/deploys/folder'

export interface FolderPush {
  cloud: Cloud
  tenant: string
  repository: string
  /** Whether the cloud has no such repository yet: the push makes it. */
  isNew: boolean
  source: Source
}

/** Commits a folder and pushes it to a repository of the cloud's own Git server. Gives the commit. */
export const pushFolder = async (
  context: Context,
  { cloud, tenant, repository, isNew, source }: FolderPush,
): Promise<string> => {
  const settings = { ...gitSettings(cloud), ...author(tenant, cloud) }
  const throwAway = await openThrowAway(source, { env: context.env, settings, signal: context.signal })
  try {
    const url = `${cloud.url}/git/${encodeURIComponent(tenant)}/${encodeURIComponent(repository)}.git`
    const parent = isNew ? undefined : await lastDeploy(throwAway.git, url)
    const message = `Deploy a folder of ${hostname()}${source.git?.head ? `, at ${source.git.head.slice(0, 8)}` : ''}`
    const sha = await commitFolder(throwAway, { source, parent, message })
    await throwAway.git(['push', '--quiet', '--no-verify', '--force', url, `${sha}:${REF}`])
    return sha
  } finally {
    await throwAway[Symbol.asyncDispose]()
  }
}

/** The commit of the deploy before, which spares to send again what did not change; undefined at the first. */
const lastDeploy = async (
  git: (args: readonly string[]) => Promise<string>,
  url: string,
): Promise<string | undefined> => {
  // To fetch one that is not there would be a failure.
  if (!(await git(['ls-remote', url, REF]))) return undefined
  await git(['fetch', '--quiet', '--depth=1', '--no-tags', '--no-write-fetch-head', url, `+${REF}:${REF}`])
  return git(['rev-parse', REF])
}

/**
 * By the environment: arguments and addresses can be read by others, and git writes addresses down. The token goes to this cloud
 * alone, no helper of the machine's keeps it, and no hook is run.
 */
const gitSettings = ({ url, token }: Cloud): Record<string, string> => {
  const settings = [
    [`http.${url}/.extraHeader`, `Authorization: Basic ${Buffer.from(`pushfn:${token}`).toString('base64')}`],
    ['http.followRedirects', 'false'],
    ['credential.helper', ''],
    ['core.hooksPath', '/dev/null'],
    ['push.gpgSign', 'false'],
    ['advice.addEmbeddedRepo', 'false'],
  ]
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(settings.length)],
    ...settings.flatMap(([key, value], n) => [
      [`GIT_CONFIG_KEY_${n}`, key],
      [`GIT_CONFIG_VALUE_${n}`, value],
    ]),
  ])
}

const author = (tenant: string, { url }: Cloud): Record<string, string> => {
  const email = `${tenant}@${new URL(url).hostname}`
  return { GIT_AUTHOR_NAME: tenant, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: tenant, GIT_COMMITTER_EMAIL: email }
}
