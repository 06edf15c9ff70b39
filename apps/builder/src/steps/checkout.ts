import { forgeOf } from '@pushfn/forge/forges'
import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { buildPageUrl } from '@pushfn/model/urls'
import { fetchCommit } from '../git/fetch-commit.ts'
import { fingerprintTree } from '../git/fingerprint-tree.ts'
import { refuseIfAllIsIgnored } from '../refuse-if-all-is-ignored.ts'
import type { Run } from '../run.ts'

/** The tenant's files at exactly the pushed commit. */
export interface Source {
  folder: string
  /** Where the repository is cloned from by others. */
  url: string
}

/**
 * Fetches the one commit into the run's workspace, within its limits. Throws NOTHING_CHANGED when all that it changes is
 * what the tenant ignores: then the build is skipped.
 */
export const checkout = async (run: Run): Promise<Source> => {
  const { config, forges, urls } = run.context
  await run.wantStatuses({
    context: STACK_CONTEXT,
    state: 'pending',
    description: 'building',
    targetUrl: buildPageUrl(urls, run.build.id),
  })
  const forge = forgeOf(forges, run.build.push.repository.forge)
  const source = await forge.checkoutSource(run.repository, run.signal)
  const { ignore } = run.settings
  const fingerprint = ignore && fingerprintTree(ignore, run.settings)
  const folder = await fetchCommit({
    source,
    sha: run.build.push.sha,
    folder: `${run.workspace}/source`,
    limits: { ms: config.checkoutLimitMs, bytes: config.checkoutBytes, files: config.checkoutFiles },
    fingerprint,
    caFile: config.caFile,
    signal: run.signal,
  }).catch(async (thrown: unknown) => {
    // The next try asks for another token: this one may be what was refused.
    await source.forget?.()
    throw thrown
  })
  if (fingerprint) await refuseIfAllIsIgnored(run, fingerprint.end())
  return { folder, url: publicUrl(run, source.url) }
}

/** The builder has its own way to the builtin forge. */
const publicUrl = (run: Run, url: string): string => {
  const { apiUrl, consoleUrl } = run.context.config
  const isBuiltin = run.build.push.repository.forge === 'builtin'
  return isBuiltin && url.startsWith(apiUrl) ? consoleUrl + url.slice(apiUrl.length) : url
}
