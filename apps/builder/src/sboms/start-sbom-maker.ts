import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { cyclonedx } from '@pushfn/images/sbom/cyclonedx'
import { removeReadings } from '@pushfn/images/sbom/read-image'
import { version } from '@pushfn/kit/version'
import { channels } from '@pushfn/store/bus'
import { type DueSbom, delaySbom, keepSbom, seedSboms, takeSbom } from '@pushfn/store/sboms'
import type { BuilderContext } from '../context.ts'
import { startLooking } from '../looking.ts'
import { createContentsReader, type ReadContents } from './contents-reader.ts'

const compress = promisify(gzip)

const FIRST_DELAY_MS = 30_000
const LIMIT_MS = 120_000
/** A builder that is never idle makes one all the same this often. */
const BUSY_EVERY_MS = 60_000

export interface SbomMaker extends AsyncDisposable {
  /** A build begins: what is being read is read again later. */
  giveWay(): void
}

/**
 * Makes a bill of materials of each image that runs, one after the other, and while nothing is built here: pushes go first.
 * Images that nobody read yet are found by their rows, so that a builder may die at any moment.
 */
export const startSbomMaker = async (context: BuilderContext, isIdle: () => boolean): Promise<SbomMaker> => {
  const { config, db, docker, log } = context
  const readContents = createContentsReader(context)
  let lastAt = performance.now()
  let way = new AbortController()
  const seeding = Promise.all([seedSboms(db), removeReadings(docker, config.cloud)]).catch((err) =>
    log.warn({ err }, 'images of before have no bill of materials yet'),
  )
  const looking = await startLooking(
    context,
    { bell: channels(config.cloud).revisionSettled, what: 'making bills of materials' },
    async (signal) => {
      const isInTime = performance.now() - lastAt < BUSY_EVERY_MS
      if (!isIdle() && isInTime) return false
      const due = await takeSbom(db)
      if (!due) return false
      way = new AbortController()
      const isDone = await make(
        { context, readContents, signal: isInTime ? AbortSignal.any([signal, way.signal]) : signal },
        due,
      )
      if (isDone) lastAt = performance.now()
      return isDone
    },
  )
  return {
    giveWay: () => way.abort(),
    [Symbol.asyncDispose]: async () => {
      await looking[Symbol.asyncDispose]()
      await seeding
    },
  }
}

interface Maker {
  context: BuilderContext
  readContents: ReadContents
  signal: AbortSignal
}

/** False when it was ended from outside. */
const make = async ({ context, readContents, signal }: Maker, due: DueSbom): Promise<boolean> => {
  const { db, log } = context
  const { digest, name } = due
  const startedAt = performance.now()
  try {
    const contents = await readContents(due, AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]))
    const sbom = cyclonedx({ image: { name, digest }, contents, version: await version(), at: new Date() })
    await keepSbom(db, digest, await compress(JSON.stringify(sbom)))
    const ms = Math.round(performance.now() - startedAt)
    log.info({ image: name, packages: contents.packages.length, ms }, 'bill of materials made')
  } catch (err) {
    if (!signal.aborted) log.warn({ err, image: name, tries: due.tries }, 'an image could not be read')
    await delaySbom(db, digest, { ms: signal.aborted ? 0 : FIRST_DELAY_MS * 2 ** due.tries, counts: !signal.aborted })
  }
  return !signal.aborted
}
