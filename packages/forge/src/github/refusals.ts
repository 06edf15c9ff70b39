import { AppError } from '@pushfn/model/errors'
import type { ForgeRepository } from '../forge.ts'

/**
 * Runs what an installation's permissions may not allow, and leaves it for ten minutes where GitHub said no: permissions
 * are granted by hand, and rarely. Kept per repository, because one that is gone is refused with the same words. Gives
 * undefined for what is refused.
 */
export const createRefusals = () => {
  const until = new Map<string, number>()
  const isRefused = (key: string): boolean => {
    if ((until.get(key) ?? 0) > Date.now()) return true
    until.delete(key)
    return false
  }

  return async <T>(repository: ForgeRepository, run: () => Promise<T>): Promise<T | undefined> => {
    const key = `${repository.installationId}/${repository.id}`
    if (!repository.installationId || isRefused(key)) return undefined
    try {
      return await run()
    } catch (error) {
      if (!isRefusal(error)) throw error
      until.set(key, Date.now() + REFUSED_FOR_MS)
      return undefined
    }
  }
}

const REFUSED_FOR_MS = 10 * 60_000

const isRefusal = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'FORBIDDEN' || error.code === 'NOT_FOUND')
