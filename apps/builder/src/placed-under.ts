import { posix } from 'node:path'
import { AppError, type Fault, faultText } from '@pushfn/model/errors'

/**
 * Runs work on what stands in a root of the repository. What it finds wrong in a file there, it tells by the path from that
 * root: it is thrown with the path from the repository's own, which forges know.
 */
export const placedUnder = async <Result>(root: string, work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work()
  } catch (thrown) {
    throw thrown instanceof AppError && root !== '' ? moved(thrown, root) : thrown
  }
}

const moved = (error: AppError, root: string): AppError => {
  const faults = error.faults.map((fault) => movedFault(fault, root))
  const isMadeOfFaults = error.hint === error.faults.map(faultText).join('\n')
  const hint = isMadeOfFaults ? faults.map(faultText).join('\n') : error.hint
  return new AppError(error.code, error.message, {
    faults,
    cause: error,
    ...(hint !== undefined && { hint }),
    ...(error.function !== undefined && { function: error.function }),
  })
}

const movedFault = (fault: Fault, root: string): Fault => {
  const { place } = fault
  if (!place || place.file.startsWith(`${root}/`)) return fault
  return { ...fault, place: { ...place, file: posix.join(root, place.file) } }
}
