import { posix } from 'node:path'
import { checkBuild } from '@pushfn/images/check-build'
import { assembleContext, type BuildContext } from '@pushfn/images/context'
import { fetchTemplates } from '@pushfn/images/fetch-templates'
import type { Foundation } from '@pushfn/images/foundation'
import { type ImagePlan, imagePrefixes, planImage } from '@pushfn/images/plan-image'
import { findTemplate, type Template } from '@pushfn/images/templates'
import { AppError, type Fault, faultText } from '@pushfn/model/errors'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import { functionSpec, SPEC_DEFAULTS } from '@pushfn/model/function-spec-from'
import type { Stack, StackFunction } from '@pushfn/model/stack'
import { buildPageUrl } from '@pushfn/model/urls'
import { takenNames } from '@pushfn/store/releases'
import { environmentFromFiles } from '../environment-files.ts'
import { branchOf, gitLabels } from '../git-labels.ts'
import { checkSecrets } from '../named-secrets.ts'
import { passedOver } from '../passed-over.ts'
import { placedUnder } from '../placed-under.ts'
import type { Run } from '../run.ts'
import { withSealedSecrets } from '../sealed-secrets.ts'
import type { RootedStack } from './read-stack.ts'

/** What will be built and run of one function: all that can be refused is refused here, before anything is built. */
export interface FunctionPlan {
  fn: StackFunction
  /** The stack's file, for places. */
  stackFile: string
  template: Template
  spec: FunctionSpec
  /** Everything that goes into the image, read and checked. */
  context: BuildContext
  image: ImagePlan
  /** None for the templates of ours. */
  foundation: Foundation | undefined
}

/**
 * Makes the stacks definite: templates found, environment files read, defaults and limits applied, names checked against
 * the tenant's other repositories, secrets looked for. Throws what the tenant must mend; what is passed over is a warning in the log.
 */
export const plan = async (run: Run, stacks: readonly RootedStack[]): Promise<FunctionPlan[]> => {
  const { db, urls } = run.context
  const { repository } = run.build.push
  const isWanted = (fn: StackFunction) => run.rebuilt?.includes(fn.name) ?? true
  const taken = await takenNames(db, {
    tenantId: repository.tenantId,
    repositoryId: repository.id,
    names: stacks.flatMap(({ stack }) => stack.functions.filter(isWanted).map((fn) => fn.name)),
  })
  if (taken) throw taken

  const plans: FunctionPlan[] = []
  for (const rooted of stacks) {
    const fetched = await fetchedTemplates(run, rooted.stack)
    const planned: FunctionPlan[] = []
    for (const fn of rooted.stack.functions.filter(isWanted)) {
      planned.push(await placedUnder(rooted.root, () => planFunction(run, rooted, fn, fetched)))
    }
    const own = await withSealedSecrets(run, rooted, planned)
    const left = await placedUnder(rooted.root, () => checkSecrets(run, own))
    for (const { fn, fault } of left) warn(run, fn, [fault])
    plans.push(...own)
  }
  refuseIfMissing(run, plans)
  const targetUrl = buildPageUrl(urls, run.build.id)
  await run.wantStatuses(
    ...plans.map(({ fn }) => ({ context: fn.name, state: 'pending' as const, description: 'building', targetUrl })),
  )
  return plans
}

/** What was deployed of a commit may be found in it no more, when the repository's setting `roots` is another one now. */
const refuseIfMissing = (run: Run, plans: readonly FunctionPlan[]): void => {
  const missing = run.rebuilt?.find((name) => plans.every(({ fn }) => fn.name !== name))
  if (missing === undefined) return
  throw new AppError('STACK_INVALID', `the stack has no ${missing} any more`, {
    function: missing,
    hint: `“${missing}” is in no stack.yml of that commit, as the repository is set up now: push it anew`,
  })
}

const planFunction = async (
  run: Run,
  { root, folder, stack }: RootedStack,
  fn: StackFunction,
  fetched: readonly string[],
): Promise<FunctionPlan> => {
  const { config } = run.context
  refuseReadyImage(fn, stack.file)
  const template = await findTemplate(fn, {
    stackFile: stack.file,
    root: folder,
    areOwnTemplatesAllowed: config.areOwnTemplatesAllowed,
    isDockerfileAllowed: config.isDockerfileAllowed,
    fetched,
  })
  const fromFiles = await environmentFromFiles(run, { root, folder, stackFile: stack.file }, fn)
  const { spec, warnings } = functionSpec(fn, fromFiles, SPEC_DEFAULTS, stack.file)
  warn(run, fn, [
    ...(template.warning ? [{ message: template.warning }] : []),
    ...warnings,
    ...passedOver(fn, stack.file),
  ])
  const assembled = await assembleContext(fn, template, { root: folder, stackFile: stack.file })
  const { dockerfile } = assembled
  const context = { ...assembled, dockerfile: { ...dockerfile, file: posix.join(root, dockerfile.file) } }
  const about = { fn, stackFile: stack.file, template, context }
  const image = planImage(imageFacts(run, about))
  const policy = imagePrefixes(config.registry, run.build.push.repository.tenant.slug)
  return {
    ...about,
    spec: { ...spec, labels: { ...spec.labels, ...gitLabels(run) } },
    image,
    foundation: checkBuild({ ...about, function: fn, buildArgs: image.buildArgs, policy }),
  }
}

const fetchedTemplates = async (run: Run, stack: Stack): Promise<string[]> => {
  if (stack.templates.every((template) => template.source === undefined)) return []
  if (!run.context.config.areOwnTemplatesAllowed) {
    const place = { file: stack.file, key: 'configuration.templates' }
    const fault = { message: 'this cloud uses no templates but its own', place }
    throw new AppError('TEMPLATE_UNKNOWN', 'foreign templates are off', { hint: faultText(fault), faults: [fault] })
  }
  return fetchTemplates(stack.templates, {
    stackFile: stack.file,
    cacheDir: `${run.context.config.dataDir}/templates`,
    signal: run.signal,
  })
}

const imageFacts = (
  run: Run,
  about: Pick<FunctionPlan, 'fn' | 'stackFile' | 'template' | 'context'>,
): Parameters<typeof planImage>[0] => {
  const { config } = run.context
  const { push } = run.build
  const { repository } = push
  const { tenant } = repository
  return {
    cloud: config.cloud,
    registry: config.registry,
    tenant: { slug: tenant.slug, ownerId: tenant.forgeAccountId, owner: tenant.login },
    repository: { name: repository.name, isPrivate: repository.isPrivate },
    forge: repository.forge,
    commit: push.sha,
    branch: branchOf(push.ref),
    build: run.build.id,
    function: about.fn,
    stackFile: about.stackFile,
    template: about.template,
    dependencies: about.context.dependencies,
    baseImage: config.baseImage,
  }
}

/** A ready image was built by nobody here: it has no commit, no digest of ours, no labels. */
const refuseReadyImage = (fn: StackFunction, file: string): void => {
  if (!fn.skipBuild) return
  const place = { file, ...(fn.places.skip_build ?? fn.place), key: `functions.${fn.name}.skip_build` }
  const fault = {
    message: 'this cloud runs only what it built itself: use “lang: dockerfile” with a “FROM” line',
    place,
  }
  throw new AppError('STACK_INVALID', 'skip_build', { hint: faultText(fault), function: fn.name, faults: [fault] })
}

const warn = (run: Run, fn: StackFunction, warnings: readonly Fault[]): void => {
  for (const warning of warnings) {
    run.tell({ kind: 'log', level: 'warning', function: fn.name, text: faultText(warning) })
  }
}
