import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { AppError, type ErrorCode } from '@pushfn/model/errors'
import type Docker from 'dockerode'
import { buildFailure } from './build-failure.ts'
import { type BuildLog, createBuildLog } from './build-log.ts'
import { cancelBuild, requestBuild } from './build-request.ts'
import { BuildLine, decodeTrace, type Trace } from './build-trace.ts'
import { type BuildContext, packContext } from './context.ts'
import { checkFoundation, type Foundation, vertexProblem } from './foundation.ts'
import { inspectImage } from './inspect-image.ts'
import { refuse } from './refuse.ts'
import { watchProgress } from './watch-progress.ts'

export interface BuildOptions {
  docker: Docker
  /** The function's name, for errors. */
  function: string
  context: BuildContext
  /** Name with tag; see `planImage`, as for labels and arguments. */
  name: string
  labels: Readonly<Record<string, string>>
  buildArgs: Readonly<Record<string, string>>
  /** What a tenant's Dockerfile stands on, see `checkBuild`; undefined for the templates of ours, which are trusted. */
  foundation: Foundation | undefined
  /** Images of the engine that everybody may stand on. */
  allowedImages: readonly string[]
  /** Whether the Dockerfile may name images that are not here yet: all but those of built-in templates. */
  mayPull: boolean
  signal: AbortSignal
  /** Called for each line as it comes, without its line end; see `createBuildLog`. */
  onLog: (line: string) => void
  /** Called with the image that had the name before: an earlier build of the same commit. It has no name any more. */
  onReplaced: (imageId: string) => Promise<unknown>
  limits?: Partial<BuildLimits>
}

export interface BuildLimits {
  timeMs: number
  logBytes: number
}

export interface BuiltImage {
  /** `sha256:…`, the image's id on this engine. */
  imageId: string
  /** No step had to be done. */
  cached: boolean
  ms: number
}

export const DEFAULT_BUILD_LIMITS: BuildLimits = { timeMs: 15 * 60_000, logBytes: 1024 ** 2 }

/**
 * Builds an image with the engine's BuildKit and tags it. The signal really ends the build, and the engine keeps nothing
 * of it but cache. Throws HANDLER_INVALID (it stands on what it may not), BUILD_FAILED (the Dockerfile's fault, with the last lines), BUILD_LIMIT (time), ENGINE_FAILED
 * (the engine's fault), or the signal's own reason.
 */
export const buildImage = async (options: BuildOptions): Promise<BuiltImage> => {
  const begun = performance.now()
  const limits = { ...DEFAULT_BUILD_LIMITS, ...options.limits }
  const timeout = AbortSignal.timeout(limits.timeMs)
  const signal = AbortSignal.any([options.signal, timeout])
  signal.throwIfAborted()
  const log = createBuildLog(options.onLog, limits.logBytes)
  const buildId = randomUUID()
  if (options.foundation)
    await checkFoundation(options.docker, options.function, options.foundation, options.allowedImages)
  const replaced = imageIdOf(options.docker, options.name)
  try {
    const imageId = await run(options, buildId, signal, log)
    const before = await replaced
    if (before !== undefined && before !== imageId) await options.onReplaced(before)
    return { imageId, cached: log.isCached(), ms: performance.now() - begun }
  } catch (err) {
    if (signal.aborted || (err instanceof AppError && ENDED_BY_US.has(err.code)))
      await cancelBuild(options.docker, buildId)
    if (!signal.aborted) throw err
    if (options.signal.aborted) throw options.signal.reason
    const hint = `${options.function}: the build took longer than ${Math.round(limits.timeMs / 1_000)} s and was ended`
    throw new AppError('BUILD_LIMIT', hint, { hint, function: options.function, cause: err })
  }
}

/** BuildKit would go on with these. */
const ENDED_BY_US = new Set<ErrorCode>(['HANDLER_INVALID', 'ENGINE_FAILED'])

/** The templates of ours have no step that is silent for so long, but for those that run a tenant's commands. */
const STUCK_MS = 60_000

const run = async (options: BuildOptions, buildId: string, signal: AbortSignal, log: BuildLog): Promise<string> => {
  const stuck = new AbortController()
  using watch = options.mayPull ? undefined : watchProgress(STUCK_MS, () => stuck.abort())
  const { stream, close } = await requestBuild(options.docker, {
    tar: packContext(options.context),
    query: {
      t: options.name,
      buildid: buildId,
      dockerfile: 'Dockerfile',
      buildargs: JSON.stringify(options.buildArgs),
      labels: JSON.stringify(options.labels),
      forcerm: '1',
    },
    signal: AbortSignal.any([signal, stuck.signal]),
    mayPull: options.mayPull,
  }).catch((err: unknown) => {
    throw engineFailure(options.function, stuck.signal.aborted ? STUCK : err)
  })
  try {
    return await follow(stream, { ...options, heard: (trace) => watch?.heard(trace) }, log)
  } catch (err) {
    throw stuck.signal.aborted && !signal.aborted ? engineFailure(options.function, STUCK) : err
  } finally {
    stream.destroy()
    close()
  }
}

const STUCK = `BuildKit told nothing for ${STUCK_MS / 1_000} s`

const follow = async (
  stream: Readable,
  options: BuildOptions & { heard: (trace: Trace | undefined) => void },
  log: BuildLog,
): Promise<string> => {
  let imageId: string | undefined
  let failure: string | undefined
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (text === '') continue
      const line = BuildLine.parse(JSON.parse(text))
      const trace =
        line.id === 'moby.buildkit.trace' && typeof line.aux === 'string' ? decodeTrace(line.aux) : undefined
      options.heard(trace)
      if (trace) {
        refuseForbidden(trace, options)
        log.write(trace)
      }
      if (typeof line.aux === 'object') imageId = line.aux.ID
      failure ??= line.errorDetail?.message ?? line.error
    }
  } catch (err) {
    throw err instanceof AppError ? err : engineFailure(options.function, err)
  }
  if (failure !== undefined) throw buildFailure(options.function, failure, options.context, log)
  if (imageId === undefined) throw engineFailure(options.function, new Error('the build ended without an image'))
  return imageId
}

/** BuildKit names all that it will do before it begins: whatever got past the check of the Dockerfile ends here. */
const refuseForbidden = (trace: Trace, { foundation, function: name }: BuildOptions): void => {
  if (!foundation) return
  const { policy, file } = foundation
  const messages = trace.vertexes.flatMap((vertex) => vertexProblem(vertex.name, policy) ?? [])
  const [message] = messages
  if (message !== undefined) throw refuse('HANDLER_INVALID', { name }, message, { file })
}

const engineFailure = (fn: string, cause: unknown): AppError =>
  new AppError('ENGINE_FAILED', `building ${fn}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: `${fn} could not be built, for the builder did not work: it is tried again`,
    function: fn,
    cause,
  })

const imageIdOf = (docker: Docker, name: string): Promise<string | undefined> =>
  inspectImage(docker, name).then(
    (image) => image?.Id,
    () => undefined,
  )
