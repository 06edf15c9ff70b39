import { createBaseIds } from '@pushfn/images/base-ids'
import { buildImage } from '@pushfn/images/build'
import { pushImage } from '@pushfn/images/push-image'
import { findImage } from '../find-image.ts'
import { inTurns } from '../in-turns.ts'
import { inputsOf } from '../inputs-of.ts'
import { registryLogin } from '../registry-login.ts'
import { removeUnused } from '../remove-unused.ts'
import type { Run } from '../run.ts'
import type { FunctionPlan } from './plan.ts'

export interface BuiltImage {
  /** Name with tag, for people. */
  image: string
  /** What the engine runs it by: the id here, or the digest at the registry. */
  digest: string
  /** Of what it was made; undefined when that cannot be told for certain. */
  inputs: string | undefined
  /** It was there already. */
  isReused: boolean
}

/**
 * An image for each function, several side by side: one that is there already when nothing that goes into it changed, also
 * when two functions of the stack are made of the same. The first that fails ends the others.
 */
export const build = async (run: Run, plans: readonly FunctionPlan[]): Promise<ReadonlyMap<string, BuiltImage>> => {
  const failed = new AbortController()
  const signal = AbortSignal.any([run.signal, failed.signal])
  const baseIds = createBaseIds(run.context.docker)
  const images = new Map<string, BuiltImage>()
  const byInputs = new Map<string, Promise<BuiltImage>>()
  try {
    await inTurns(plans, run.context.config.functionsAtOnce, async (plan) => {
      try {
        const inputs = await inputsOf(run.context, baseIds, plan)
        const twin = inputs === undefined ? undefined : byInputs.get(inputs)
        const image = twin ?? imageFor(run, plan, inputs, signal)
        if (inputs !== undefined) byInputs.set(inputs, image)
        images.set(plan.fn.name, await image)
        if (twin) tellReused(run, plan)
      } catch (thrown) {
        failed.abort(thrown)
        throw thrown
      }
    })
    return images
  } catch (thrown) {
    throw failed.signal.aborted ? failed.signal.reason : thrown
  }
}

const imageFor = async (
  run: Run,
  plan: FunctionPlan,
  inputs: string | undefined,
  signal: AbortSignal,
): Promise<BuiltImage> => {
  const known = inputs === undefined ? undefined : await findImage(run, inputs)
  if (!known) return buildFunction(run, plan, inputs, signal)
  tellReused(run, plan)
  return { image: known.name, digest: known.digest, inputs, isReused: true }
}

const tellReused = (run: Run, plan: FunctionPlan): void =>
  run.tell({ kind: 'function', function: plan.fn.name, status: 'reused' })

const buildFunction = async (
  run: Run,
  plan: FunctionPlan,
  inputs: string | undefined,
  signal: AbortSignal,
): Promise<BuiltImage> => {
  const { config, docker } = run.context
  const name = plan.fn.name
  run.tell({ kind: 'function', function: name, status: 'building' })
  const built = await buildImage({
    docker,
    function: name,
    context: plan.context,
    name: plan.image.name,
    labels: plan.image.labels,
    buildArgs: plan.image.buildArgs,
    foundation: plan.foundation,
    allowedImages: [config.baseImage, ...config.allowedImages],
    mayPull: plan.template.origin !== 'built-in' || plan.template.name === 'dockerfile',
    signal,
    onLog: (text) => run.tell({ kind: 'log', level: 'info', function: name, text }),
    onReplaced: (Id) => removeUnused(run.context, { Id }),
    limits: { timeMs: config.buildLimitMs, logBytes: config.buildLogBytes },
  })
  const digest = config.registry ? await push(run, plan.image.name, signal) : built.imageId
  run.tell({ kind: 'function', function: name, status: 'built', ms: built.ms })
  return { image: plan.image.name, digest, inputs, isReused: false }
}

const push = (run: Run, name: string, signal: AbortSignal): Promise<string> => {
  const { docker, config } = run.context
  const auth = registryLogin(config)
  return pushImage({ docker, name, signal, ...(auth && { auth }) })
}
