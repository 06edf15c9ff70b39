import { AppError } from '@pushfn/model/errors'
import type Docker from 'dockerode'
import { z } from 'zod'

export interface PushOptions {
  docker: Docker
  /** `registry.example.com/tenant/repo-fn:tag`; the registry is part of the name. */
  name: string
  auth?: { username: string; password: string }
  signal: AbortSignal
}

const PushLine = z.object({
  error: z.string().optional(),
  aux: z.object({ Digest: z.string().optional() }).optional(),
})

/** Pushes a tagged image and returns it by digest (`…/repo-fn@sha256:…`), as any engine can pull it. Throws ENGINE_FAILED. */
export const pushImage = async (options: PushOptions): Promise<string> => {
  const { docker, name, auth, signal } = options
  try {
    const stream = await docker.getImage(name).push({ ...(auth && { authconfig: auth }), abortSignal: signal })
    const lines = await new Promise<unknown[]>((resolve, reject) =>
      docker.modem.followProgress(stream, (err: Error | null, output: unknown[]) =>
        err ? reject(err) : resolve(output),
      ),
    )
    const parsed = lines.map((line) => PushLine.safeParse(line).data)
    const failure = parsed.find((line) => line?.error)?.error
    if (failure) throw new Error(failure)
    const digest = parsed.find((line) => line?.aux?.Digest)?.aux?.Digest
    if (!digest) throw new Error('the registry told no digest')
    return `${name.slice(0, name.lastIndexOf(':'))}@${digest}`
  } catch (err) {
    signal.throwIfAborted()
    const message = `pushing ${name}: ${err instanceof Error ? err.message : err}`
    throw new AppError('ENGINE_FAILED', message, {
      hint: 'the image could not be stored: it is tried again',
      cause: err,
    })
  }
}
