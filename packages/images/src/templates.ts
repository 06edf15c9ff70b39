import { readdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { AppError } from '@pushfn/model/errors'
import { nearest } from '@pushfn/model/nearest'
import { resolveInside } from './inside.ts'
import { refuse } from './refuse.ts'
import { BUILT_IN_TEMPLATES } from './runtime-files.ts'
import { type BuildableFunction, placeOf } from './stack-function.ts'
import { canonicalName } from './template-names.ts'
import { parseTemplateYml, type TemplateYml } from './template-yml.ts'

export interface Template extends TemplateYml {
  name: string
  /** Built-in ones are ours and trusted; the others are code of a tenant or of whom it trusts. */
  origin: 'built-in' | 'repository' | 'fetched'
  /** Its folder, a real path; everything of it is in there. */
  folder: string
  /** What the function's author should know, if there is something. */
  warning?: string
}

export interface TemplateSources {
  /** The stack's file, for places: `stack.yml`. */
  stackFile: string
  /** The checkout. Its own `template/` counts when `areOwnTemplatesAllowed`. */
  root: string
  areOwnTemplatesAllowed: boolean
  /** Whether a tenant may bring a Dockerfile of its own. */
  isDockerfileAllowed: boolean
  /** Folders that hold `<lang>/` each, as `fetchTemplates` returns them. */
  fetched?: readonly string[]
}

/**
 * The template for a function's `lang`: the repository's own first (when allowed), then those that its stack.yml fetches,
 * then the built-in ones, under the names that OpenFaaS's have as well. Throws TEMPLATE_UNKNOWN with what there is.
 */
export const findTemplate = async (fn: BuildableFunction, sources: TemplateSources): Promise<Template> => {
  const place = placeOf(fn, sources.stackFile, 'lang')
  if (!NAME.test(fn.lang)) throw refuse('TEMPLATE_UNKNOWN', fn, `${JSON.stringify(fn.lang)} is no template name`, place)

  const own = await resolveInside(await realpath(sources.root), `template/${fn.lang}`)
  if (!('problem' in own) && own.kind === 'folder') {
    if (sources.areOwnTemplatesAllowed) return loadTemplate(fn, own.path, 'repository', sources.stackFile)
    if (!(await builtInNames()).includes(canonicalName(fn.lang).name)) {
      const message = `this cloud uses no templates of the repository: take template/${fn.lang} away and name one of ${await listed(sources)}`
      throw refuse('TEMPLATE_UNKNOWN', fn, message, place)
    }
  }
  for (const folder of sources.fetched ?? []) {
    const fetched = await resolveInside(await realpath(folder), fn.lang)
    if (!('problem' in fetched) && fetched.kind === 'folder') {
      return loadTemplate(fn, fetched.path, 'fetched', sources.stackFile)
    }
  }
  const { name, warning } = canonicalName(fn.lang)
  if (!(await builtInNames()).includes(name)) throw await unknown(fn, sources)
  if (name === 'dockerfile' && !sources.isDockerfileAllowed) {
    const message = `this cloud takes no Dockerfiles of tenants: use one of ${await listed(sources)}`
    throw refuse('TEMPLATE_UNKNOWN', fn, message, place)
  }
  const template = await loadTemplate(fn, join(BUILT_IN_TEMPLATES, name), 'built-in', sources.stackFile)
  const unused =
    'problem' in own ? undefined : `template/${fn.lang} of the repository is not used: this cloud has its own`
  const warnings = [warning, unused].filter((each) => each !== undefined)
  return { ...template, name, ...(warnings.length > 0 && { warning: warnings.join('; ') }) }
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Names of the built-in templates, sorted. */
export const builtInNames = async (): Promise<string[]> => (await readdir(BUILT_IN_TEMPLATES)).sort()

const loadTemplate = async (
  fn: BuildableFunction,
  folder: string,
  origin: Template['origin'],
  stackFile: string,
): Promise<Template> => {
  const text = await readFile(join(folder, 'template.yml'), 'utf8').catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return ''
    throw err
  })
  const parsed = parseTemplateYml(text, 'template.yml')
  if ('problem' in parsed) {
    const message = `template/${fn.lang}/template.yml: ${parsed.problem}`
    throw refuse('TEMPLATE_UNKNOWN', fn, message, placeOf(fn, stackFile, 'lang'))
  }
  // What only a template of ours may say.
  const own = origin === 'built-in' ? {} : { entry: [], runtime: [], syntax: undefined }
  return { ...parsed, ...own, name: fn.lang, folder, origin }
}

const unknown = async (fn: BuildableFunction, sources: TemplateSources): Promise<AppError> => {
  const known = await namesIn(sources)
  const meant = nearest(fn.lang, known)
  const guess = meant ? `: is it ${meant}?` : ','
  const message = `there is no template ${fn.lang}${guess} there are ${known.join(', ')}; others come by configuration.templates with a name and a source`
  return refuse('TEMPLATE_UNKNOWN', fn, message, placeOf(fn, sources.stackFile, 'lang'))
}

const namesIn = async (sources: TemplateSources): Promise<string[]> => {
  const builtIn = (await builtInNames()).filter((name) => name !== 'dockerfile' || sources.isDockerfileAllowed)
  const fetched = await Promise.all((sources.fetched ?? []).map((folder) => readdir(folder)))
  return [...new Set([...builtIn, ...fetched.flat()])].sort()
}

const listed = async (sources: TemplateSources): Promise<string> => (await namesIn(sources)).join(', ')
