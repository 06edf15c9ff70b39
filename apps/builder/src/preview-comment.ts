import { aliasHost } from '@pushfn/model/alias'
import { BuildFailure } from '@pushfn/model/build-state'
import { buildPageUrl, type CloudUrls, functionUrl } from '@pushfn/model/urls'
import { type DueComment, newestBuildState, waitsForApproval } from '@pushfn/store/pull-request-comments'

/**
 * The cloud's one comment on a pull request, in Markdown: where its previews are, and what became of its newest commit. All
 * of it is made anew from the database each time, so that a word that got lost is made good by the next.
 */
export const previewComment = (urls: CloudUrls, about: DueComment): string => {
  const { pushes, previews, isOpen, repository, alias } = about
  const state = newestBuildState(about)
  const build = pushes[0]?.build
  const sha = about.headSha.slice(0, 8)
  if (!isOpen) return 'The previews of this pull request are gone, since it was closed.\n'
  if (waitsForApproval(about)) {
    return `Nothing of \`${sha}\` runs yet: it comes from a fork. A member of the repository lets it run with the label \`preview\`, or the button “Approve” of its check, where the forge has one. Later commits must be let run anew.\n`
  }
  const host = aliasHost({ tenant: repository.tenant.slug, alias })
  const rows = previews.map(({ name, sha: at, failure }) => {
    const url = functionUrl(urls, host, name)
    const where = at === null ? '–' : `[${new URL(url).host}/${name}](${url})`
    return `| \`${name}\` | ${where} | ${at === null ? '–' : `\`${at.slice(0, 8)}\``} | ${failure ? 'failed' : ''} |`
  })
  const table =
    rows.length > 0
      ? `| function | preview | commit | |\n|---|---|---|---|\n${rows.join('\n')}\n`
      : 'There is no preview yet.\n'
  const page = build ? ` ([build](${buildPageUrl(urls, build.id)}))` : ''
  return `${table}\n${WORDS[state ?? 'queued'].replace('SHA', `\`${sha}\``)}${page}.${hintOf(build?.failure)}\n`
}

const WORDS = {
  queued: 'SHA waits to be built',
  checkout: 'SHA is being built',
  building: 'SHA is being built',
  deploying: 'SHA is being deployed',
  live: 'SHA is what runs there; functions that are as they are in production have no preview',
  failed: 'SHA failed, and what ran before runs on',
  superseded: 'SHA was overtaken by a newer commit',
  cancelled: 'SHA was cancelled',
  skipped: 'SHA is not built',
} as const

/** A tenant's own text: in a block of code it can neither mention people nor draw anything. */
const hintOf = (failure: unknown): string => {
  const parsed = BuildFailure.safeParse(failure)
  if (!parsed.success) return ''
  const text = parsed.data.hint.slice(0, 1_000).replaceAll('```', "'''")
  return `\n\n\`\`\`text\n${text}\n\`\`\``
}
