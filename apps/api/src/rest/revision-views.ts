import { aliasHost, commitAlias } from '@pushfn/model/alias'
import type { RevisionList, RevisionView } from '@pushfn/model/api-revisions'
import { FunctionSpec } from '@pushfn/model/function-spec'
import type { ImageBase } from '@pushfn/model/image-base'
import { specDifference } from '@pushfn/model/spec-difference'
import { functionUrl } from '@pushfn/model/urls'
import { type FunctionRevisions, liveOf } from '@pushfn/store/revision-list'
import type { ApiContext } from '../context.ts'

type Revision = FunctionRevisions['revisions'][number]

/** What all revisions of a function have in common. */
interface Of {
  tenant: string
  fn: FunctionRevisions
  bases: ReadonlyMap<string, ImageBase[] | null>
}

/** Of the rows the last is there for the one before it alone. */
export const revisionList = (context: Pick<ApiContext, 'urls'>, of: Of, limit: number): RevisionList => ({
  pinnedAt: of.fn.pin?.createdAt.toISOString() ?? null,
  items: of.fn.revisions.slice(0, limit).map((row, n) => revisionView(context, of, row, of.fn.revisions[n + 1])),
})

const revisionView = (
  context: Pick<ApiContext, 'urls'>,
  { tenant, fn, bases }: Of,
  row: Revision,
  before: Revision | undefined,
): RevisionView => {
  const alias = commitAlias(row.sha)
  const hasUrl = fn.aliases.some(({ name, revisionId }) => name === alias && revisionId === row.id)
  return {
    id: row.id,
    sha: row.sha,
    buildId: row.buildId,
    image: row.image,
    bases: bases.get(row.digest) ?? null,
    createdAt: row.createdAt.toISOString(),
    liveAt: row.state === 'live' ? (row.deployedAt?.toISOString() ?? null) : null,
    state: stateOf(fn, row),
    failure: row.failure,
    url: hasUrl ? functionUrl(context.urls, aliasHost({ tenant, alias }), fn.name) : null,
    changed: before ? specDifference(FunctionSpec.parse(before.spec), FunctionSpec.parse(row.spec)) : null,
  }
}

const stateOf = (fn: FunctionRevisions, row: Revision): RevisionView['state'] => {
  const live = liveOf(fn)
  if (row.id === live.revisionId) return 'live'
  if (row.id === live.wantedRevisionId) return 'deploying'
  if (row.sweptAt) return 'swept'
  return row.state === 'failed' ? 'failed' : 'kept'
}
