import { aliasHost } from '@pushfn/model/alias'
import { functionUrl } from '@pushfn/model/urls'
import { channels } from '@pushfn/store/bus'
import type { WantedRevision } from '@pushfn/store/releases'
import type { Run } from './run.ts'
import { waitsFor } from './waits-for.ts'

/** What becomes of each function, as the build's stream and the forge are told. */
export interface ReleasedFunction {
  name: string
  url: string
  /** It went on running as it did: nothing of it changed. */
  isReused: boolean
  /** It stays where somebody put it by hand after the push was made. */
  isPinned: boolean
}

const urlOf = (run: Run, { name, alias }: WantedRevision): string =>
  functionUrl(run.context.urls, aliasHost({ tenant: run.build.push.repository.tenant.slug, alias }), name)

export const tellLive = async (run: Run, revision: WantedRevision, ms: number): Promise<ReleasedFunction> => {
  const { name } = revision
  const url = urlOf(run, revision)
  run.tell({ kind: 'function', function: name, status: 'live', url, ms })
  await run.wantStatuses({ context: name, state: 'success', description: `live at ${url}`, targetUrl: url })
  return { name, url, isReused: false, isPinned: false }
}

export const tellReused = async (run: Run, revisions: readonly WantedRevision[]): Promise<ReleasedFunction[]> => {
  const reused = revisions
    .filter((revision) => revision.isReused)
    .map((revision) => ({ name: revision.name, url: urlOf(run, revision) }))
  for (const { name, url } of reused) run.tell({ kind: 'function', function: name, status: 'reused', url })
  await run.wantStatuses(
    ...reused.map(({ name, url }) => ({
      context: name,
      state: 'success' as const,
      description: `reused: unchanged, live at ${url}`,
      targetUrl: url,
    })),
  )
  return reused.map((fn) => ({ ...fn, isReused: true, isPinned: false }))
}

export const tellPinned = async (run: Run, revision: WantedRevision): Promise<ReleasedFunction> => {
  const { name } = revision
  const url = urlOf(run, revision)
  const reason = 'built, but not live: the function was pinned by hand after this push'
  run.tell({ kind: 'function', function: name, status: 'pinned', reason })
  await run.wantStatuses({ context: name, state: 'success', description: reason, targetUrl: url })
  return { name, url, isReused: false, isPinned: true }
}

export const tellStaged = async (run: Run, revision: WantedRevision): Promise<ReleasedFunction> => {
  const { name } = revision
  const url = urlOf(run, revision)
  run.tell({ kind: 'function', function: name, status: 'staged', url })
  const description = `built: ${waitsFor(run)} moves live to ${url}`
  await run.wantStatuses({ context: name, state: 'success', description, targetUrl: url })
  return { name, url, isReused: false, isPinned: false }
}

/** What is not in the stack any more; the controller stops what runs of it. */
export const tellRemoved = (run: Run, removed: readonly { id: string; name: string }[]): void => {
  const { bus, config } = run.context
  for (const fn of removed) {
    run.tell({ kind: 'function', function: fn.name, status: 'removed' })
    void bus.publish(channels(config.cloud).functionWanted, fn.id)
  }
}
