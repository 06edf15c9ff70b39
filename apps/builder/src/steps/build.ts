import { buildImage } from '@pushfn/images/build'
import { pushImage } from '@pushfn/images/push-image'
import { inTurns } from '../in-turns.ts'
import type { Run } from '../run.ts'
import type { FunctionPlan } from './plan.ts'

export interface BuiltImage {
  /** Name with tag, for people. */
  image: string
  /** What the engine runs it by: the id here, or the digest at the registry. */
  digest: string
}

/** An image for each function, several side by side. The first that fails ends the others. */
export const build = async (run: Run, plans: readonly FunctionPlan[]): Promise<ReadonlyMap<string, BuiltImage>> => {
  const failed = new AbortController()
  const signal = AbortSignal.any([run.signal, failed.signal])
  const images = new Map<string, BuiltImage>()
  try {
    await inTurns(plans, run.context.config.functionsAtOnce, async (plan) => {
      try {
        images.set(plan.fn.name, await buildFunction(run, plan, signal))
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

const buildFunction = async (run: Run, plan: FunctionPlan, signal: AbortSignal): Promise<BuiltImage> => {
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
    limits: { timeMs: config.buildLimitMs, logBytes: config.buildLogBytes },
  })
  const digest = config.registry ? await push(run, plan.image.name, signal) : built.imageId
  run.tell({ kind: 'function', function: name, status: built.cached ? 'reused' : 'built', ms: built.ms })
  return { image: plan.image.name, digest }
}

const push = (run: Run, name: string, signal: AbortSignal): Promise<string> => {
  const { docker, config } = run.context
  const { registryUser: username, registryPassword } = config
  const auth = username && registryPassword ? { username, password: registryPassword.reveal() } : undefined
  return pushImage({ docker, name, signal, ...(auth && { auth }) })
}
