import { inspectImage } from '@pushfn/images/inspect-image'
import type { ImageContents } from '@pushfn/images/sbom/package-reader'
import { readPaths, readWholeImage } from '@pushfn/images/sbom/read-image'
import { ProvenanceStatement } from '@pushfn/model/provenance'
import type { DueSbom } from '@pushfn/store/sboms'
import type { BuilderContext } from '../context.ts'
import { registryLogin } from '../registry-login.ts'

export type ReadContents = (due: DueSbom, signal: AbortSignal) => Promise<ImageContents>

/** Where our templates put things; all else of their images is the base's. */
const TEMPLATE_PATHS = ['/var/lib/dpkg/status', '/home/app']
/** Where Debian, npm and pip put what is in our base image (deploy/base-images), which says of itself that it is one. */
const BASE_PATHS = ['/usr/lib/os-release', '/usr/local/lib', '/usr/lib/python3', '/opt', '/srv']
const BASE_LABEL = 'pushfn.cloud/base'
/** Of these kinds the image's own list names the base's as well. */
const OF_SYSTEM: readonly string[] = ['deb', 'apk']

/**
 * Reads what an image holds. Of images of our templates the base is read once, and of each only what it adds, for a whole
 * image takes the engine seconds. All others are read whole.
 */
export const createContentsReader = ({ config, docker }: BuilderContext): ReadContents => {
  const bases = new Map<string, ImageContents>()
  const contentsOfBase = async (id: string, signal: AbortSignal): Promise<ImageContents | undefined> => {
    const known = bases.get(id)
    if (known) return known
    const image = await inspect(docker, id)
    if (!image) return undefined
    const source = { docker, image: id, cloud: config.cloud, signal }
    const isOurs = image.Config.Labels?.[BASE_LABEL] !== undefined
    const contents = await (isOurs ? readPaths(source, BASE_PATHS) : readWholeImage(source))
    // A new base takes the place of the one before.
    bases.clear()
    bases.set(id, contents)
    return contents
  }
  return async (due, signal) => {
    await pullIfAway({ config, docker }, due.digest, signal)
    const source = { docker, image: due.digest, cloud: config.cloud, signal }
    const base = isOfTemplate(due) ? due.bases?.[0]?.id : undefined
    const below = base ? await contentsOfBase(base, signal) : undefined
    if (!below) return readWholeImage(source)
    const own = await readPaths(source, TEMPLATE_PATHS)
    return {
      os: below.os,
      packages: [...below.packages.filter(({ kind }) => !OF_SYSTEM.includes(kind)), ...own.packages],
      isPartial: below.isPartial || own.isPartial,
    }
  }
}

/** Whether a template of ours made it, by our own word. */
const isOfTemplate = ({ provenance }: DueSbom): boolean => {
  if (!provenance) return false
  const statement = ProvenanceStatement.parse(JSON.parse(Buffer.from(provenance.payload, 'base64').toString()))
  const { template, origin } = statement.predicate.buildDefinition.internalParameters
  return origin === 'built-in' && template !== 'dockerfile'
}

/** Another builder's engine may have built it: then the registry has it. */
const pullIfAway = async (
  { config, docker }: Pick<BuilderContext, 'config' | 'docker'>,
  digest: string,
  signal: AbortSignal,
): Promise<void> => {
  if (!digest.includes('@') || (await inspect(docker, digest))) return
  const authconfig = registryLogin(config)
  const stream = await docker.pull(digest, { abortSignal: signal, ...(authconfig && { authconfig }) })
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(stream, (err: Error | null) => (err ? reject(err) : resolve())),
  )
}

const inspect = (docker: BuilderContext['docker'], image: string) => inspectImage(docker, image).catch(() => undefined)
