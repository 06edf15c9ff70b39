import { basename } from 'node:path'
import type { DeployView, NewDeploy } from '@pushfn/model/api'
import { repositoryRoutes } from '@pushfn/model/api-routes-repositories'
import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import type { z } from 'zod'
import { callApi } from '../cloud/call-api.ts'
import type { Cloud } from '../cloud/cloud.ts'
import { openCloud } from '../cloud/open-cloud.ts'
import type { Context } from '../context.ts'
import { findSource, type Source } from '../deploy/find-source.ts'
import { pushFolder } from '../deploy/push-folder.ts'
import { Failure } from '../failure.ts'
import { plain } from '../show/plain.ts'
import { tellBuild } from './show-build.ts'

interface DeployOptions {
  name?: string | undefined
  ref?: string | undefined
  follow: boolean
}

/** Deploys a folder as it stands, or what was pushed already, and follows the build. */
export const deploy = async (context: Context, folder: string | undefined, options: DeployOptions): Promise<void> => {
  const source = options.ref === undefined ? await findSource(context, folder) : undefined
  const repository = options.name ?? nameFrom(source?.folder ?? context.folder)
  const { cloud, tenant } = await openCloud(context)
  const what = source ? { sha: await push(context, cloud, repository, source) } : namedBy(options.ref ?? '')
  const view = await begin(context, cloud, { tenant, repository, what })
  if (!options.follow) {
    process.stdout.write(`${context.options.json ? JSON.stringify(view, null, 2) : view.url}\n`)
    return
  }
  if (!context.options.json) process.stdout.write(`${plain(`${repository} at ${view.sha.slice(0, 8)}: ${view.url}`)}\n`)
  await tellBuild(context, cloud, { tenant, id: view.build })
}

const push = async (context: Context, cloud: Cloud, repository: string, source: Source): Promise<string> => {
  const tenant = await ownerOf(context, cloud)
  const asked = { params: { tenant }, signal: context.signal }
  const { items } = await callApi(cloud, repositoryRoutes.listRepositories, asked)
  const isNew = !items.some(({ name, forge }) => name === repository && forge === 'builtin')
  return pushFolder(context, { cloud, tenant, repository, isNew, source })
}

/** The tenant whose token it is, when its repositories are here. */
const ownerOf = async (context: Context, cloud: Cloud): Promise<string> => {
  const session = await callApi(cloud, tenantRoutes.showSession, { params: {}, signal: context.signal })
  if (session.kind !== 'tenant') {
    throw new Failure('usage', 'an operator’s token pushes to no repository', {
      hint: 'sign in with a token of the tenant, or deploy what was pushed: pushfn deploy --ref <branch> --name <repository>',
    })
  }
  if (session.forge !== 'builtin') {
    throw new Failure(
      'usage',
      `the repositories of ${session.tenant} are at ${session.forge}: a folder cannot be pushed there`,
      {
        hint: 'push to it, or deploy a branch as it stands there: pushfn deploy --ref <branch> --name <repository>',
      },
    )
  }
  return session.tenant
}

const begin = (
  { signal }: Context,
  cloud: Cloud,
  { tenant, repository, what }: { tenant: string; repository: string; what: z.input<typeof NewDeploy> },
): Promise<DeployView> =>
  callApi(cloud, repositoryRoutes.deploy, { params: { tenant, repository }, body: what, signal })

const namedBy = (ref: string): z.input<typeof NewDeploy> => (/^[0-9a-f]{40}$/.test(ref) ? { sha: ref } : { ref })

/** A folder's name as a repository's. */
const nameFrom = (folder: string): string => {
  const name = basename(folder)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+/, '')
    .slice(0, 100)
  if (name !== '' && !/\.(?:git|lock)$/.test(name)) return name
  throw new Failure('usage', 'the folder’s name is none for a repository', { hint: 'say one: --name <repository>' })
}
