import { createHash } from 'node:crypto'
import type { Dependencies } from './dependencies.ts'
import type { ImagePolicy } from './image-names.ts'
import { refuse } from './refuse.ts'
import { type BuildableFunction, placeOf } from './stack-function.ts'
import { PackageName } from './template-yml.ts'
import type { Template } from './templates.ts'

export interface ImageFacts {
  cloud: string
  /** `registry.example.com/functions`; images stay on this machine without one. */
  registry?: string | undefined
  tenant: { slug: string; ownerId: string; owner: string }
  repository: { name: string; isPrivate: boolean }
  forge: string
  commit: string
  branch: string
  build: string
  function: BuildableFunction
  stackFile: string
  template: Template
  dependencies: Dependencies
  /** `pushfn/base:latest` */
  baseImage: string
  /** Build arguments of the operator: a registry, a proxy. Those of the function win. No secrets: images tell them. */
  operatorArgs?: Readonly<Record<string, string>> | undefined
}

export interface ImagePlan {
  /** `<registry>/<tenant>/<repo>-<function>:latest-<branch>-<sha7>` */
  name: string
  labels: Record<string, string>
  buildArgs: Record<string, string>
}

/** Host of images that stay on the engine; no registry has it. */
const LOCAL = 'pushfn.local'

/**
 * Prefixes of tenants' images, none of which another tenant may build upon: those at the registry, and those on the engine,
 * which may be there from before there was a registry.
 */
export const imagePrefixes = (registry: string | undefined, tenantSlug: string): ImagePolicy => {
  const host = registry?.toLowerCase().replace(/\/+$/, '') ?? LOCAL
  return { tenantsPrefixes: [...new Set([`${host}/`, `${LOCAL}/`])], ownPrefix: `${host}/${tenantSlug}/` }
}

/**
 * Names an image, and says with which labels and arguments it is built. Throws STACK_INVALID for a build argument that is
 * the cloud's own, a build option that the template does not have, and a package that is no package name; TEMPLATE_UNKNOWN
 * for a template of a tenant's that sets what is the cloud's own.
 */
export const planImage = (facts: ImageFacts): ImagePlan => ({
  name: imageName(facts),
  labels: imageLabels(facts),
  buildArgs: buildArgsOf(facts),
})

const imageName = (facts: ImageFacts): string => {
  const { ownPrefix } = imagePrefixes(facts.registry, facts.tenant.slug)
  const repository = component(facts.repository.name)
  const tag = `latest-${tagPart(facts.branch)}-${facts.commit.slice(0, 7)}`
  return `${ownPrefix}${repository}-${facts.function.name}:${tag}`
}

/** A path component as registries allow it. What had to be changed bears a hash, so that two names never become one. */
const component = (name: string): string => {
  const lower = name.toLowerCase()
  if (/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(lower)) return lower
  const made = lower.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
  return [made, shortHash(lower)].filter(Boolean).join('-')
}

/** A tag has 128 characters; `latest-`, `-` and seven digits are taken. */
const tagPart = (branch: string): string => {
  const made = branch.replace(/[^A-Za-z0-9_.-]+/g, '-').toLowerCase()
  return made === branch.toLowerCase() && made.length <= 100 ? made : `${made.slice(0, 90)}-${shortHash(branch)}`
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

const imageLabels = (facts: ImageFacts): Record<string, string> => ({
  'pushfn.cloud/managed': facts.cloud,
  'pushfn.cloud/tenant': facts.tenant.slug,
  'pushfn.cloud/function': facts.function.name,
  'pushfn.cloud/build': facts.build,
  'pushfn.cloud/commit': facts.commit,
  'com.openfaas.cloud.git-cloud': '1',
  'com.openfaas.cloud.git-scm': facts.forge,
  'com.openfaas.cloud.git-owner': facts.tenant.owner,
  'com.openfaas.cloud.git-owner-id': facts.tenant.ownerId,
  'com.openfaas.cloud.git-repo': facts.repository.name,
  'com.openfaas.cloud.git-branch': facts.branch,
  'com.openfaas.cloud.git-sha': facts.commit,
  'com.openfaas.cloud.git-private': facts.repository.isPrivate ? '1' : '0',
})

/** What the cloud says to its templates and to BuildKit; `CACHE_SCOPE` keeps the layers that run a tenant's code apart. */
const RESERVED_ARGS = /^(BASE_IMAGE|PACKAGES|DEPENDENCIES|CACHE_SCOPE|BUILDKIT_.*|SOURCE_DATE_EPOCH)$/i

const buildArgsOf = (facts: ImageFacts): Record<string, string> => {
  const { function: fn, template, stackFile, tenant } = facts
  for (const name of Object.keys(fn.buildArgs)) {
    const problem = argProblem(name)
    if (problem) throw refuse('STACK_INVALID', fn, problem, placeOf(fn, stackFile, `build_args.${name}`))
  }
  for (const name of template.origin === 'built-in' ? [] : Object.keys(template.build_args)) {
    const problem = argProblem(name)
    const place = { file: `template/${template.name}/template.yml`, key: `build_args.${name}` }
    if (problem) throw refuse('TEMPLATE_UNKNOWN', fn, problem, place)
  }
  const packages = packagesOf(facts)
  const { ADDITIONAL_PACKAGE: _, ...own } = fn.buildArgs
  return {
    ...facts.operatorArgs,
    ...template.build_args,
    ...own,
    ...(packages.length > 0 && { ADDITIONAL_PACKAGE: packages.join(' ') }),
    BUILDKIT_CACHE_MOUNT_NS: tenant.slug,
    ...(template.origin === 'built-in' && {
      BASE_IMAGE: facts.baseImage,
      CACHE_SCOPE: tenant.slug,
      PACKAGES: packages.length > 0 ? 'apt' : 'none',
      DEPENDENCIES: facts.dependencies,
    }),
  }
}

const argProblem = (name: string): string | undefined => {
  if (RESERVED_ARGS.test(name)) return `${name} is the cloud’s own: take it away`
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? undefined : `${name} is no name of an argument`
}

const packagesOf = ({ function: fn, template, stackFile }: ImageFacts): string[] => {
  const known = new Map(template.build_options.map((option) => [option.name, option.packages]))
  const chosen = fn.buildOptions.flatMap((option) => {
    const packages = known.get(option)
    if (packages) return packages
    const there = known.size > 0 ? `there are ${[...known.keys()].join(', ')}` : 'it has none'
    const place = placeOf(fn, stackFile, 'build_options')
    throw refuse('STACK_INVALID', fn, `template ${template.name} has no build option ${option}: ${there}`, place)
  })
  const named = (fn.buildArgs.ADDITIONAL_PACKAGE ?? '').split(/\s+/).filter(Boolean)
  const wrong = named.find((name) => !PackageName.safeParse(name).success)
  if (wrong !== undefined) {
    const place = placeOf(fn, stackFile, 'build_args.ADDITIONAL_PACKAGE')
    throw refuse('STACK_INVALID', fn, `${JSON.stringify(wrong)} is no package name`, place)
  }
  return [...new Set([...chosen, ...named])]
}
