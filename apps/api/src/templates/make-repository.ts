import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { NewRepository, NewRepositoryView } from '@pushfn/model/api'
import { AppError } from '@pushfn/model/errors'
import { NO_COMMIT } from '@pushfn/model/ids'
import { buildPageUrl } from '@pushfn/model/urls'
import { builtinRepository, createBuiltinRepository, takenRepository } from '@pushfn/store/repositories'
import type { Tenant } from '@pushfn/store/tenants'
import type { ApiContext } from '../context.ts'
import { storePush } from '../git/accept-push.ts'
import { repositoryFolder } from '../git/repositories-on-disk.ts'
import { ring } from '../webhooks/receive.ts'
import { copyTemplate } from './copy-template.ts'
import { templateSource } from './template-source.ts'

/** Fetched side by side in this process; each may have as many bytes as a push. */
const AT_ONCE = 4
let underWay = 0

/**
 * A repository of the builtin forge, made of a template and built as its first push. Throws BAD_REQUEST for a template that
 * cannot be copied, CONFLICT for a name that is taken and for a tenant whose repositories are elsewhere, TOO_MANY.
 */
export const makeRepository = async (
  context: ApiContext,
  tenant: Tenant,
  { name, template }: NewRepository,
): Promise<NewRepositoryView> => {
  if (tenant.forge !== 'builtin') {
    throw new AppError('CONFLICT', 'the repositories are elsewhere', {
      hint: `your repositories are at ${tenant.forge}: make one of ${template} there, and its first push is built`,
    })
  }
  if (underWay >= AT_ONCE) throw new AppError('TOO_MANY', 'copies under way', { hint: 'try again in a minute' })
  underWay += 1
  try {
    const { config, db } = context
    if (await builtinRepository(db, tenant.id, name)) throw takenRepository(name)
    const source = await templateSource(template, config.templateHosts)
    const id = randomUUID()
    const folder = repositoryFolder(config.dataDir, id)
    const sha = await copyTemplate(source, {
      dataDir: config.dataDir,
      repositoryId: id,
      author: tenant.slug,
      maxBytes: config.maxPushBytes,
    })
    const repository = await createBuiltinRepository(db, { id, tenantId: tenant.id, name }).catch(async (err) => {
      await rm(folder, { recursive: true, force: true })
      throw err
    })
    const where = { repository, user: tenant.slug, folder }
    const recorded = await storePush(context, where, { ref: 'refs/heads/main', before: NO_COMMIT, after: sha })
    const build = typeof recorded === 'string' || recorded.kind === 'known' ? null : recorded.buildId
    if (build) void ring(context, { builds: [build], superseded: [], functions: [], hasReports: false })
    return {
      name: repository.name,
      gitUrl: `${config.consoleUrl}/git/${tenant.slug}/${repository.name}.git`,
      build,
      url: build && buildPageUrl(context.urls, build),
    }
  } finally {
    underWay -= 1
  }
}
