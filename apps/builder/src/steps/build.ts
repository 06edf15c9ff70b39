import { buildImage } from '@pushfn/images/build'
import { createImageBases } from '@pushfn/images/image-bases'
import { pushImage } from '@pushfn/images/push-image'
import type { ImageBase } from '@pushfn/model/image-base'
import type { DsseEnvelope } from '@pushfn/model/provenance'
import { findImage } from '../find-image.ts'
import { inTurns } from '../in-turns.ts'
import { type BuildInputs, inputsOf } from '../inputs-of.ts'
import { originLabels } from '../origin-labels.ts'
import { provenanceOf } from '../provenance.ts'
import { registryLogin } from '../registry-login.ts'
import { removeUnused } from '../remove-unused.ts'
import type { Run } from '../run.ts'
import type { Source } from './checkout.ts'
import type { FunctionPlan } from './plan.ts'

export interface BuiltImage {
  /** Name with tag, for people. */
  image: string
  /** What the engine runs it by: the id here, or the digest at the registry. */
  digest: string
  /** Of what it was made; undefined when that cannot be told for certain. */
  inputs: string | undefined
  /** What it stands on. */
  bases: readonly ImageBase[]
  /** How it came about, signed; undefined for one that was there already. */
  provenance: DsseEnvelope | undefined
  /** It was there already. */
  isReused: boolean
}

/**
 * An image for each function, several side by side: one that is there already when nothing that goes into it changed, also
 * when two functions of the stack are made of the same. The first that fails ends the others.
 */
export const build = async (
  run: Run,
  source: Source,
  plans: readonly FunctionPlan[],
): Promise<ReadonlyMap<string, BuiltImage>> => {
  const failed = new AbortController()
  const signal = AbortSignal.any([run.signal, failed.signal])
  const imageBases = createImageBases(run.context.docker)
  const images = new Map<string, BuiltImage>()
  const byInputs = new Map<string, Promise<BuiltImage>>()
  try {
    await inTurns(plans, run.context.config.functionsAtOnce, async (plan) => {
      try {
        const made = await inputsOf(run.context, imageBases, plan)
        const { inputs } = made
        const twin = inputs === undefined ? undefined : byInputs.get(inputs)
        const image = twin ?? imageFor({ run, source, plan, signal }, made)
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

/** One function on its way to an image. */
interface Making {
  run: Run
  source: Source
  plan: FunctionPlan
  signal: AbortSignal
}

const imageFor = async (making: Making, made: BuildInputs): Promise<BuiltImage> => {
  const { run, plan } = making
  const known = made.inputs === undefined ? undefined : await findImage(run, made.inputs)
  if (!known) return buildFunction(making, made)
  tellReused(run, plan)
  return { image: known.name, digest: known.digest, ...made, provenance: undefined, isReused: true }
}

const tellReused = (run: Run, plan: FunctionPlan): void =>
  run.tell({ kind: 'function', function: plan.fn.name, status: 'reused' })

const buildFunction = async ({ run, source, plan, signal }: Making, made: BuildInputs): Promise<BuiltImage> => {
  const { config, docker } = run.context
  const name = plan.fn.name
  run.tell({ kind: 'function', function: name, status: 'building' })
  const startedAt = new Date()
  const built = await buildImage({
    docker,
    function: name,
    context: plan.context,
    name: plan.image.name,
    labels: { ...plan.image.labels, ...originLabels(run, source, made.bases) },
    buildArgs: plan.image.buildArgs,
    foundation: plan.foundation,
    allowedImages: [config.baseImage, ...config.allowedImages],
    mayPull: plan.template.origin !== 'built-in' || plan.template.name === 'dockerfile',
    signal,
    onLog: (text) => run.tell({ kind: 'log', level: 'info', function: name, text }),
    onReplaced: (Id) =>
      removeUnused(run.context, { Id }).catch((err) => run.log.warn({ err }, 'an image that was replaced stays')),
    limits: { timeMs: config.buildLimitMs, logBytes: config.buildLogBytes },
  })
  const digest = config.registry ? await push(run, plan.image.name, signal) : built.imageId
  run.tell({ kind: 'function', function: name, status: 'built', ms: built.ms })
  const finishedAt = new Date()
  const provenance = await provenanceOf(run, { source, plan, bases: made.bases, digest, startedAt, finishedAt })
  return { image: plan.image.name, digest, ...made, provenance, isReused: false }
}

const push = (run: Run, name: string, signal: AbortSignal): Promise<string> => {
  const { docker, config } = run.context
  const auth = registryLogin(config)
  return pushImage({ docker, name, signal, ...(auth && { auth }) })
}
